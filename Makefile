# make test installs what the tests need, and runs them all.

GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS = -s -w -X main.version=$(VERSION)
PREFIX ?= /usr/local
DESTDIR ?=
# Most tests wait for a server: more of them at a time than there are processors.
PARALLEL ?= 6
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build install test packages check lint soak bench clean

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o lockshim ./cmd/lockshim

install: build
	install -D -m 0755 lockshim $(DESTDIR)$(PREFIX)/bin/lockshim
	install -D -m 0644 cmd/lockshim/lockshim.1 $(DESTDIR)$(PREFIX)/share/man/man1/lockshim.1

# The servers, init systems and shells that the tests run, from Debian.
packages:
	./test/packages.sh

# What needs no package.
check:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w on these'; exit 1; }
	$(GO) vet ./...
	GOOS=darwin $(GO) vet ./...
	GOOS=freebsd $(GO) vet ./...

test: packages check
	$(GO) test -race -count=1 -parallel $(PARALLEL) -timeout 25m ./...

lint: check
	$(GO) run $(STATICCHECK) ./...

# Every test fifty times, and more repetitions in each: hours.
soak: packages
	SOAK=1 $(GO) test -race -count=50 -parallel $(PARALLEL) -timeout 24h ./...

bench: build
	$(GO) run ./bench

clean:
	rm -f lockshim
