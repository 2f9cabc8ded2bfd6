package main

import (
	"fmt"
	"strings"
	"time"
)

// A table is one answer, as Markdown.
type table struct{ rows [][]string }

func newTable(head ...string) *table {
	rule := make([]string, len(head))
	for i := range rule {
		rule[i] = "---:"
	}
	rule[0] = "---"
	return &table{rows: [][]string{head, rule}}
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// print writes the table, and below it how it was measured.
func (t *table) print(how string) {
	fmt.Println()
	for _, r := range t.rows {
		fmt.Println("| " + strings.Join(r, " | ") + " |")
	}
	fmt.Println()
	fmt.Println(how)
}

func micros(d time.Duration) string { return fmt.Sprintf("%.0f", float64(d)/float64(time.Microsecond)) }
func millis(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)) }

// ratio is a to b; a dash where there is no b.
func ratio(a, b time.Duration) string {
	if b == 0 {
		return "–"
	}
	r := float64(a) / float64(b)
	if r >= 100 {
		return fmt.Sprintf("%.0f", r)
	}
	return fmt.Sprintf("%.2f", r)
}
