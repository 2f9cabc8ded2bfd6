// Package shim keeps one pid while a server replaces itself.
package shim
