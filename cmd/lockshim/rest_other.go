//go:build !linux

package main

// rest does nothing: there is no shim to rest here.
func rest() {}

// frugal does nothing either.
func frugal() {}
