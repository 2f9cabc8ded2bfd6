# bash completion for lockshim(1): verbs, flags, profiles, hooks, signals, and the
# services in the runtime directories.

# _lockshim_services prints the names that SERVICE can be.
_lockshim_services() {
	local dir file name dirs
	IFS=: read -ra dirs <<<"${RUNTIME_DIRECTORY-}"
	[[ $EUID -eq 0 ]] && dirs+=(/run/lockshim)
	[[ -n ${XDG_RUNTIME_DIR-} ]] && dirs+=("$XDG_RUNTIME_DIR/lockshim")
	[[ -n ${HOME-} ]] && dirs+=("$HOME/.local/state/lockshim")
	for dir in "${dirs[@]}"; do
		for file in "$dir"/*.lock "$dir"/*/*.lock; do
			[[ -e $file ]] || continue
			name=${file##*/}
			name=${name%.lock}
			[[ $file == "$dir/$name.lock" || $file == "$dir/$name/$name.lock" ]] || continue
			printf '%s\n' "$name"
		done
	done
}

# _lockshim_words WORD... offers the words that begin with what is typed.
_lockshim_words() {
	local IFS=$' \t\n'
	# shellcheck disable=SC2207 # no word has a blank in it
	COMPREPLY=($(compgen -W "$*" -- "$cur"))
}

# _lockshim_files offers files.
_lockshim_files() {
	local IFS=$'\n'
	compopt -o filenames 2>/dev/null
	# shellcheck disable=SC2207 # one name a line
	COMPREPLY=($(compgen -f -- "$cur"))
}

# _lockshim_service offers services, and files once there is a slash.
_lockshim_service() {
	if [[ $cur == */* ]]; then
		_lockshim_files
	else
		_lockshim_words "$(_lockshim_services)"
	fi
}

# _lockshim_command completes the command line that starts at word $1.
_lockshim_command() {
	if declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif [[ $COMP_CWORD -eq $1 && $cur != */* ]]; then
		# shellcheck disable=SC2207 # one name a line
		COMPREPLY=($(compgen -c -- "$cur"))
	else
		_lockshim_files
	fi
}

# _lockshim_value offers values of the flag $1, and fails if it takes none.
_lockshim_value() {
	case $1 in
	--lock) _lockshim_service ;;
	--profile) _lockshim_words help "$("${COMP_WORDS[0]}" run --profile help 2>/dev/null | cut -d' ' -f1)" ;;
	--if-running) _lockshim_words adopt refuse replace ;;
	--strays) _lockshim_words kill wait leave ;;
	--log-format) _lockshim_words text json ;;
	--clear-pidfile | --pidfile) _lockshim_files ;;
	--lock-owner) _lockshim_words "$(compgen -u)" ;;
	--ready) _lockshim_words notify listen exec: after: ;;
	--set)
		compopt -o nospace 2>/dev/null
		_lockshim_words name= command= flags= user= directory= timeout= socket= id=
		;;
	--map | --stop | --lock-mode | --timeout | --ready-timeout | --preflight) ;;
	*) return 1 ;;
	esac
}

# _lockshim_flags offers the flags of the verb $1.
_lockshim_flags() {
	case $1 in
	run | check)
		_lockshim_words --lock --profile --map --stop --if-running --strays --clear-pidfile --pidfile \
			--ready --ready-timeout --preflight --lock-mode --lock-owner --log-format --quiet --help
		;;
	hold) _lockshim_words --lock --help ;;
	wait) _lockshim_words --timeout --help ;;
	status) _lockshim_words --json --ready --help ;;
	stop) _lockshim_words --stop --help ;;
	history) _lockshim_words --json --svg --help ;;
	contrib) _lockshim_words --set --help ;;
	*) _lockshim_words --help ;;
	esac
}

# _lockshim_argument offers the word number $2 of the verb $1.
_lockshim_argument() {
	local signals
	case $1:$2 in
	wait:1 | check:1 | status:1 | signal:1 | reload:1 | upgrade:1 | stop:1 | history:1) _lockshim_service ;;
	signal:2)
		# shellcheck disable=SC2207 # no signal has a blank in it
		signals=($(compgen -A signal SIG))
		_lockshim_words "${signals[@]#SIG}"
		;;
	contrib:1) _lockshim_words "$("${COMP_WORDS[0]}" contrib 2>/dev/null)" ;;
	hook:1) _lockshim_words "$("${COMP_WORDS[0]}" hook 2>/dev/null)" ;;
	completion:1) _lockshim_words bash zsh fish ;;
	help:1) _lockshim_words "$_lockshim_verbs" ;;
	esac
}

_lockshim() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} i count=1
	local _lockshim_verbs='run hold wait status signal reload upgrade stop history hook contrib check demo man completion help'
	COMPREPLY=()
	# --flag=value arrives as three words
	[[ $cur == '=' ]] && cur='' && prev='='
	[[ $prev == '=' ]] && prev=${COMP_WORDS[COMP_CWORD - 2]} && [[ ${COMP_WORDS[COMP_CWORD]} == '=' ]] &&
		prev=${COMP_WORDS[COMP_CWORD - 1]}
	if [[ $COMP_CWORD -eq 1 ]]; then
		_lockshim_words "$_lockshim_verbs" --help --version
		return
	fi
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--)
			case $verb in run | hold | check) _lockshim_command $((i + 1)) && return ;; esac
			;;
		-* | =) ;;
		*) case ${COMP_WORDS[i - 1]} in --timeout | --set | --stop | '=') ;; *) ((count++)) ;; esac ;;
		esac
	done
	_lockshim_value "$prev" && return
	case $cur in
	-*) _lockshim_flags "$verb" ;;
	*) _lockshim_argument "$verb" "$count" ;;
	esac
}

complete -F _lockshim lockshim
