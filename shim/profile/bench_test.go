package profile

import "testing"

// What a look over /proc pays for each process.
func BenchmarkSame(b *testing.B) {
	launch := []string{"bundle", "exec", "unicorn", "-c", "/srv/app/unicorn.rb"}
	for _, row := range []struct {
		name string
		argv []string
	}{
		{"same", []string{"/usr/bin/ruby", "/usr/bin/unicorn", "-c", "/srv/app/unicorn.rb"}},
		{"title", []string{"unicorn worker[0] -c /srv/app/unicorn.rb"}},
		{"other", []string{"/usr/sbin/sshd", "-D"}},
	} {
		b.Run(row.name, func(b *testing.B) {
			for b.Loop() {
				Same(launch, row.argv)
			}
		})
	}
}

func BenchmarkRecognise(b *testing.B) {
	argv := []string{"chpst", "-u", "web", "/usr/bin/python3", "-m", "gunicorn", "app:app"}
	for b.Loop() {
		Recognise(argv)
	}
}
