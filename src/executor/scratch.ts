/** What of a job may lie on a disk of the machine that it runs on, where its executor hands it a folder there as $PTB_SCRATCH. */
export type Scratch = {
  /** Of this job's folder on scratch: unique. */
  readonly name: string;
  /** Parts of the attempt's folder that the job writes, as it finds them: empty. Outputs are looked for in the first two. */
  readonly parts: readonly [work: string, made: string, ...others: string[]];
  /** Paths below the first two that come back when the job ends; the rest is gone with it. */
  readonly keep: readonly string[];
};

/**
 * bash: `take_scratch` puts links to folders on scratch in the place of the parts; `give_back` puts folders back that hold
 * what is kept. The kernel's lock on a folder's `.lock` ends with the job: what a killed one left is removed by the next.
 */
export const SCRATCH = `
sweep() { # what jobs left on scratch that no longer live
  local old
  for old in "$1"/ptb-*; do
    [ -e "$old/.lock" ] || continue
    (exec 7<>"$old/.lock" && flock -n 7 && rm -rf -- "$old") 2>/dev/null
  done
}

take_scratch() { # below $1
  local part lock=$1/.$scratch_name.lock
  case $1 in
    /*) ;;
    *) not_ready "executor.scratch is '$1' on \${HOSTNAME:-this machine}, which is no absolute path"; return 1 ;;
  esac
  scratch=$1/$scratch_name
  if ! { mkdir -p "$1" && rm -rf -- "$scratch" && { ! command -v flock >/dev/null || { exec 8>"$lock" && flock 8; }; } &&
    mkdir -m 700 "$scratch" && (cd "$scratch" && mkdir -m 700 "\${scratch_parts[@]}"); } 2>>stderr.log; then
    rm -f "$lock"
    scratch=''
    not_ready "the scratch folder $1 cannot be written on \${HOSTNAME:-this machine}"
    return 1
  fi
  [ ! -e "$lock" ] || mv "$lock" "$scratch/.lock"
  for part in "\${scratch_parts[@]}"; do
    rmdir "$part" && ln -s "$scratch/$part" "$part" || { not_ready "$PWD/$part is not empty"; return 1; }
  done
  command -v flock >/dev/null && sweep "$1"
  return 0
}

bring() { # what is kept as $1, back under its own path; through a link, which stands for what it leads to, into the second part
  local from real root to
  [ ! -e "back/\${scratch_parts[0]}/$1" ] || return 0 # came with the folder around it
  for from in "\${scratch_parts[0]}" "\${scratch_parts[1]}"; do
    [ -e "$scratch/$from/$1" ] || continue
    root=$(readlink -f "$scratch/$from") real=$(readlink -f "$scratch/$from/$1")
    case $real in
      "$root/$1") to=back/$from/$1 ;;
      "$root"/*) to=back/\${scratch_parts[1]}/$1 ;;
      *) continue ;;
    esac
    case $1 in */*) mkdir -p "\${to%/*}" || return 1 ;; esac
    cp -dR --preserve=mode,timestamps,links -- "$real" "$to" ||
      { chmod -R u+rwX -- "$real"; rm -rf -- "$to"; cp -dR --preserve=mode,timestamps,links -- "$real" "$to"; }
    return
  done
}

bring_all() {
  local path
  rm -rf back && mkdir back "back/\${scratch_parts[0]}" "back/\${scratch_parts[1]}" || return 1
  for path in \${scratch_keep[@]+"\${scratch_keep[@]}"}; do bring "$path" || return 1; done
}

give_back() {
  local tries part brought=''
  trap '' TERM # to its end, or cut off: nothing between
  rm -rf back
  for tries in 1 2 3; do
    [ "$ended_by" != cancel ] || break # nobody looks at the outputs of a job that was told to end
    bring_all 2>>stderr.log && brought=yes && break
    [ $tries = 3 ] || sleep 20
  done
  rm -f "\${scratch_parts[@]}"
  mkdir -p back "\${scratch_parts[@]/#/back/}"
  for part in "\${scratch_parts[@]}"; do mv "back/$part" "$part"; done
  rmdir back
  [ "$ended_by$brought" != cancel ] || brought=none
  [ -n "$brought" ] || not_ready "the outputs cannot be copied from scratch on \${HOSTNAME:-this machine}: see stderr.log"
  rm -rf -- "$scratch"
}`;
