# Completion of ptb in fish: ptb completion fish | source

# Asks ptb itself what may stand at the cursor.
function __ptb_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string collect)
    set -l ptb $words[1]
    set -e words[1]
    set -l answer ($ptb complete -- $words "$current" 2>/dev/null)
    set -l kind $answer[1]
    set -e answer[1]
    # Fish knows files by their own names, without the --plot= before them.
    set -l lead (string match -r -- '^--[^=]+=' "$current" | string collect)
    set -l name (string sub -s (math (string length -- "$lead") + 1) -- "$current")
    switch "$kind"
        case files
            printf "$lead%s\n" (__fish_complete_path "$name")
        case folders
            printf "$lead%s\n" (__fish_complete_directories "$name")
        case words
            test (count $answer) -gt 0; and printf '%s\n' $answer
    end
end

complete -c ptb -f -a '(__ptb_complete)'
