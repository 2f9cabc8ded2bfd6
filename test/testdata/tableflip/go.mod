module github.com/lockshim/lockshim/test/testdata/tableflip

go 1.26.0

require (
	github.com/cloudflare/tableflip v1.2.3
	github.com/lockshim/lockshim v0.0.0
)

require golang.org/x/sys v0.49.0 // indirect

replace github.com/lockshim/lockshim => ../../..
