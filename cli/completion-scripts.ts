/** Each asks `rekmod completion words`, which knows commands, options and names as they are at that moment. */
export const COMPLETION_SCRIPTS = {
  bash: `# Completion of rekmod for bash; made by "rekmod completion bash".
_rekmod() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(rekmod completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _rekmod rekmod
`,
  zsh: `#compdef rekmod
# Completion of rekmod for zsh; made by "rekmod completion zsh".
_rekmod() {
  local -a found
  local line
  for line in "\${(@f)$(rekmod completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#found} )); then _describe rekmod found; else _files; fi
}
compdef _rekmod rekmod
`,
  fish: `# Completion of rekmod for fish; made by "rekmod completion fish".
function __rekmod_complete
    set -l found (rekmod completion words -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c rekmod -f -a '(__rekmod_complete)'
`,
} as const;

/** A shell whose completion is known. */
export type Shell = keyof typeof COMPLETION_SCRIPTS;
