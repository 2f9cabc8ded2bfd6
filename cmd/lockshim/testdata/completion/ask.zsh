# usage: zsh -f ask.zsh LINE... : what zsh offers at the end of each line, then a dot
#
# Completion works in a line editor only, so a second zsh gets a terminal.
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "source ${(q)0:A:h}/pty.zsh"
zpty -r z text '*ready*' || exit 1
for line; do
  zpty -n -w z "$line"$'\t'
  zpty -r z text $'*\0*\0*' || exit 1
  print -r -- ${${text#*$'\0'}%%$'\0'*}
  print .
done
zpty -d z
