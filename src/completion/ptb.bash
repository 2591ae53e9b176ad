# Completion of ptb in bash: source <(ptb completion bash)

# Asks ptb itself what may stand at the cursor.
_ptb() {
  # Readline also parts words at = and :, which stand inside ours; the line says where there are blanks.
  local rest=${COMP_LINE:0:COMP_POINT} trimmed part n=-1 i
  local words=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    trimmed=${rest#"${rest%%[![:space:]]*}"}
    if [ "$i" = 0 ] || [ "$trimmed" != "$rest" ]; then
      n=$((n + 1))
      words[n]=
    fi
    part=${COMP_WORDS[i]}
    # The cursor stands inside of this one.
    case $trimmed in "$part"*) ;; *) part=$trimmed ;; esac
    words[n]=${words[n]}$part
    rest=${trimmed#"$part"}
  done
  words=("${words[@]//[\"\'\\]/}")

  # Of the word at the cursor readline replaces only what stands behind the last of these.
  local current=${words[n]} kept='' before mark
  for mark in = :; do
    case $COMP_WORDBREAKS in *"$mark"*) ;; *) continue ;; esac
    before=${current%"${current##*"$mark"}"}
    [ ${#before} -le ${#kept} ] || kept=$before
  done

  local kind='' word _
  COMPREPLY=()
  {
    read -r kind
    while IFS=$'\t' read -r word _; do
      COMPREPLY+=("${word#"$kept"}")
      # It goes on.
      case $word in *[=:,]) compopt -o nospace 2>/dev/null ;; esac
    done
  } < <("$1" complete -- "${words[@]:1}" 2>/dev/null)
  case $kind in
    files) compopt -o default 2>/dev/null ;;
    folders) compopt -o dirnames 2>/dev/null ;;
  esac
}

complete -F _ptb ptb
