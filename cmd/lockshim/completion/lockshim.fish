# fish completion for lockshim(1): verbs, flags, profiles, hooks, signals, and the
# services in the runtime directories.

# The words before the cursor, without lockshim itself.
function __lockshim_words
    set -l words (commandline -opc)
    set -e words[1]
    string join \n -- $words
end

# Whether the verb is one of the arguments and its own words are being written.
function __lockshim_verb
    set -l words (__lockshim_words)
    test (count $words) -gt 0; and not contains -- -- $words; and contains -- $words[1] $argv
end

# Whether the verb is $argv[2..] and $argv[1] words of its own stand before the cursor.
function __lockshim_nth
    set -l words (__lockshim_words)
    __lockshim_verb $argv[2..-1]; or return 1
    set -l own
    set -l skip no
    for word in $words[2..-1]
        if test $skip = yes
            set skip no
        else if contains -- "$word" --timeout --set --stop
            set skip yes
        else if not string match -q -- '-*' $word
            set own $own $word
        end
    end
    test (count $own) -eq $argv[1]; and test $skip = no
end

# A word with a slash is a path, any other is a name.
function __lockshim_services
    if string match -q -- '*/*' (commandline -ct)
        __fish_complete_path (commandline -ct)
        return
    end
    set -l dirs (string split : -- "$RUNTIME_DIRECTORY")
    test (id -u) = 0; and set dirs $dirs /run/lockshim
    test -n "$XDG_RUNTIME_DIR"; and set dirs $dirs $XDG_RUNTIME_DIR/lockshim
    test -n "$HOME"; and set dirs $dirs $HOME/.local/state/lockshim
    for dir in $dirs
        test -n "$dir"; or continue
        for file in $dir/*.lock
            string replace -r '.*/(.*)\.lock$' '$1' -- $file
        end
        for file in $dir/*/*.lock
            string replace -rf '.*/([^/]*)/\1\.lock$' '$1' -- $file
        end
    end
end

# The lockshim that is being completed, asked for a list.
function __lockshim_ask
    set -l words (commandline -opc)
    $words[1] $argv 2>/dev/null | string replace -r ' .*' ''
end

# Whether the cursor is in COMMAND, after the two dashes of run, hold or check.
function __lockshim_in_command
    set -l words (__lockshim_words)
    contains -- "$words[1]" run hold check; and contains -- -- $words
end

# COMMAND is completed as if it stood alone.
function __lockshim_command
    set -l words (__lockshim_words)
    set -l at (contains -i -- -- $words)
    set -l rest (string escape -- $words[(math $at + 1)..-1])
    complete -C (string join ' ' -- $rest (commandline -ct))
end

complete -c lockshim -f
complete -c lockshim -n 'test (count (__lockshim_words)) -eq 0' -s h -l help -d 'print help'
complete -c lockshim -n 'test (count (__lockshim_words)) -eq 0' -l version -d 'print the version'

set -l none 'test (count (__lockshim_words)) -eq 0'
complete -c lockshim -n "$none" -a run -d 'launch a server, wait for its last generation'
complete -c lockshim -n "$none" -a hold -d 'take the shared lock, then become COMMAND'
complete -c lockshim -n "$none" -a wait -d 'block until nobody holds the lock'
complete -c lockshim -n "$none" -a status -d 'show shim, generations, workers'
complete -c lockshim -n "$none" -a signal -d 'send a signal to the current master'
complete -c lockshim -n "$none" -a reload -d 'tell the current master to reload'
complete -c lockshim -n "$none" -a upgrade -d 'bring a new generation in and the old one out'
complete -c lockshim -n "$none" -a stop -d 'stop every generation'
complete -c lockshim -n "$none" -a history -d 'show what happened, generation by generation'
complete -c lockshim -n "$none" -a contrib -d 'list the init-system files, or print one'
complete -c lockshim -n "$none" -a hook -d 'list the server hooks, or print one'
complete -c lockshim -n "$none" -a check -d 'say what would go wrong here'
complete -c lockshim -n "$none" -a demo -d 'a built-in self-re-execing web server under a real shim'
complete -c lockshim -n "$none" -a man -d 'print the manual page'
complete -c lockshim -n "$none" -a completion -d 'print a completion for a shell'
complete -c lockshim -n "$none" -a help -d 'print help'

set -l run '__lockshim_verb run check'
complete -c lockshim -n '__lockshim_verb run hold check' -l lock -x -a '(__lockshim_services)' -d 'the lockfile'
complete -c lockshim -n "$run" -l profile -x -a 'help (__lockshim_ask run --profile help)' -d 'what the signals mean'
complete -c lockshim -n "$run" -l map -x -d 'another answer to a signal'
complete -c lockshim -n '__lockshim_verb run check stop' -l stop -x -d 'how to stop, QUIT/60/TERM/10/KILL'
complete -c lockshim -n "$run" -l if-running -x -a 'adopt refuse replace' -d 'what to do with a running tree'
complete -c lockshim -n "$run" -l strays -x -a 'kill wait leave' -d 'what to do with strays'
complete -c lockshim -n "$run" -l clear-pidfile -r -F -d "the server's pid file"
complete -c lockshim -n "$run" -l pidfile -r -F -d "lockshim's own pid file"
complete -c lockshim -n "$run" -l ready -x -a 'notify listen exec: after:' -d 'how a generation shows that it serves'
complete -c lockshim -n "$run" -l ready-timeout -x -d 'what a generation has to become ready'
complete -c lockshim -n "$run" -l preflight -x -d 'has to succeed before an upgrade'
complete -c lockshim -n "$run" -l lock-mode -x -d 'mode of a new lockfile'
complete -c lockshim -n "$run" -l lock-owner -x -a '(__fish_complete_user_ids)' -d 'owner of a new lockfile'
complete -c lockshim -n "$run" -l log-format -x -a 'text json' -d 'how events are written'
complete -c lockshim -n "$run" -l quiet -d 'no events'
complete -c lockshim -n '__lockshim_verb wait' -l timeout -x -d 'give up after, 30 or 1m30s'
complete -c lockshim -n '__lockshim_verb status history' -l json -d 'one JSON object'
complete -c lockshim -n '__lockshim_verb status' -l ready -d 'fail unless a generation is ready'
complete -c lockshim -n '__lockshim_verb history' -l svg -d 'a picture'
complete -c lockshim -n '__lockshim_verb run hold wait status signal reload upgrade stop history hook contrib check demo man completion' -s h -l help -d 'print help'

complete -c lockshim -n '__lockshim_nth 0 wait check status signal reload upgrade stop history' -a '(__lockshim_services)'
complete -c lockshim -n '__lockshim_nth 1 signal' -a 'HUP INT QUIT USR1 USR2 TERM KILL TTIN TTOU WINCH CONT'
complete -c lockshim -n '__lockshim_nth 0 hook' -a '(__lockshim_ask hook)'
complete -c lockshim -n '__lockshim_nth 0 contrib' -a '(__lockshim_ask contrib)'
complete -c lockshim -n '__lockshim_verb contrib' -x -l set -a 'name= command= flags= user= directory= timeout= socket= id=' -d 'put a value in'
complete -c lockshim -n '__lockshim_nth 0 completion' -a 'bash zsh fish'
complete -c lockshim -n '__lockshim_nth 0 help' -a 'run hold wait status signal reload upgrade stop history hook contrib check demo man completion'
complete -c lockshim -n __lockshim_in_command -a '(__lockshim_command)'
