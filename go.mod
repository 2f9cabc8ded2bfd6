module github.com/lockshim/lockshim

go 1.26.0
