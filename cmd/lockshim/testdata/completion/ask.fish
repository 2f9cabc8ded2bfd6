# usage: fish ask.fish LINE... : what fish offers at the end of each line, then a dot
source $LOCKSHIM_COMPLETION/fish
for line in $argv
    complete -C $line | string replace -r '\t.*' ''
    echo .
end
