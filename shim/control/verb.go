package control

// The verbs of a Request.
const (
	Status  = "status"  // what is there
	History = "history" // what happened
	Signal  = "signal"  // a signal to the server
	Reload  = "reload"  // the server's reload
	Upgrade = "upgrade" // a new generation in, the old one out
	Cancel  = "cancel"  // roll a running upgrade back
	Stop    = "stop"    // nothing left
)

// answersAtOnce tells of every verb whether its answer is there as soon as the
// shim has looked. The other answers wait for the server, for minutes perhaps.
var answersAtOnce = map[string]bool{
	Status: true, History: true, Signal: true,
	Reload: false, Upgrade: false, Cancel: false, Stop: false,
}
