# make test installs what the tests need, and runs them all.

GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS = -s -w -X main.version=$(VERSION)
PREFIX ?= /usr/local
DESTDIR ?=
# Most tests wait for a server: more of them at a time than there are processors.
PARALLEL ?= 6
# Where a build goes, and where a package is made.
BIN ?= lockshim
DIST ?= dist
ZSH_COMPLETIONS ?= $(PREFIX)/share/zsh/site-functions
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
NFPM = github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2

.PHONY: build install deb test packages check lint soak bench clean

build:
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/lockshim

install: build
	install -D -m 0755 $(BIN) $(DESTDIR)$(PREFIX)/bin/lockshim
	install -D -m 0644 cmd/lockshim/lockshim.1 $(DESTDIR)$(PREFIX)/share/man/man1/lockshim.1
	install -D -m 0644 cmd/lockshim/completion/lockshim.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/lockshim
	install -D -m 0644 cmd/lockshim/completion/_lockshim $(DESTDIR)$(ZSH_COMPLETIONS)/_lockshim
	install -D -m 0644 cmd/lockshim/completion/lockshim.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/lockshim.fish
	./packaging/copy.sh $(DESTDIR)$(PREFIX)/share/lockshim

# A package for Debian and what comes from it, in DIST: the same bytes for the same
# commit. GOARCH says for which machine.
deb: export SOURCE_DATE_EPOCH := $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null),0)
deb: export DEB_VERSION := $(or $(DEB_VERSION),$(shell ./packaging/version.sh))
deb: export DEB_ARCH = $(patsubst arm,arm$(shell $(GO) env GOARM),$(shell $(GO) env GOARCH))
deb:
	rm -rf $(DIST)/tree
	mkdir -p $(DIST)
	GOOS=linux $(MAKE) install BIN=$(DIST)/lockshim DESTDIR=$(DIST)/tree PREFIX=/usr VERSION=$(DEB_VERSION) \
		ZSH_COMPLETIONS=/usr/share/zsh/vendor-completions
	gzip -9n $(DIST)/tree/usr/share/man/man1/lockshim.1
	install -d -m 0755 $(DIST)/tree/usr/share/doc/lockshim
	install -m 0644 README.md packaging/copyright $(DIST)/tree/usr/share/doc/lockshim
	gzip -9n <CHANGELOG.md >$(DIST)/tree/usr/share/doc/lockshim/changelog.gz
	cd $(DIST) && GOOS= GOARCH= $(GO) run $(NFPM) package --config $(CURDIR)/packaging/nfpm.yaml --packager deb --target .

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
	$(GO) test -race -count=1 -parallel $(PARALLEL) -timeout 70m ./...

lint: check
	$(GO) run $(STATICCHECK) ./...

# Every test fifty times, and more repetitions in each: hours.
soak: packages
	SOAK=1 $(GO) test -race -count=50 -parallel $(PARALLEL) -timeout 24h ./...

bench: build
	$(GO) run ./bench

clean:
	rm -f lockshim
	rm -rf dist
