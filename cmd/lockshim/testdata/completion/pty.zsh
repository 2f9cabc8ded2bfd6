# Read by a zsh on a pseudoterminal: a tab prints what completion offers between
# two null bytes, and empties the line.
PS1= PS2=
fpath=($LOCKSHIM_COMPLETION $fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' insert-tab false
mark() { print -rn -- $'\0' }
ask() {
  compprefuncs=(mark)
  comppostfuncs=(mark)
  zle complete-word
  BUFFER=
}
zle -N ask
zle -C complete-word complete-word _main_complete
bindkey '^I' ask
compadd() {
  local -a hits
  # with -O, -A or -D nothing is offered: the caller only asks what matches
  if [[ " ${(j: :)@[1,(i)(-|--)]}" != *' -'(O|A|D)* ]]; then
    builtin compadd -O hits "$@"
    (( $#hits )) && print -rl -- $hits
  fi
  builtin compadd "$@"
}
print ready
