#compdef ptb
# Completion of ptb in zsh: source <(ptb completion zsh), behind compinit; or as a file _ptb in a folder of $fpath.

# Asks ptb itself what may stand at the cursor.
_ptb() {
  local line word
  local -a answer whole open
  answer=("${(@f)$("$words[1]" complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  case $answer[1] in
    files|folders)
      compset -P '--*='
      if [[ $answer[1] == folders ]]; then _files -/; else _files; fi
      return
      ;;
  esac
  for line in "${(@)answer[2,-1]}"; do
    word=${line%%$'\t'*}
    line=${word//:/\\:}:${line#*$'\t'}
    # A word that goes on has no blank behind it.
    if [[ $word == *[=:,] ]]; then open+=("$line"); else whole+=("$line"); fi
  done
  (( $#whole )) && _describe ptb whole
  (( $#open )) && _describe ptb open -S ''
  (( $#whole + $#open ))
}

if [[ $funcstack[1] == _ptb ]]; then _ptb "$@"; else compdef _ptb ptb; fi
