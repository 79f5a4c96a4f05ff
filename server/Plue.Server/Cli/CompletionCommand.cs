using System.CommandLine;

namespace Plue.Server.Cli;

/// <summary><c>plue completion</c>: scripts that complete commands, options, and IDs in a shell. They ask <c>plue [suggest]</c>.</summary>
internal static class CompletionCommand
{
    private static readonly (string Shell, string Setup, string Script)[] Shells =
    [
        (
            "bash",
            "source <(plue completion bash)",
            """
            _plue() {
              local IFS=$'\n' word="${COMP_LINE:0:COMP_POINT}"
              word="${word##* }"
              mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${word}")
            }
            complete -o default -F _plue plue

            """
        ),
        (
            "zsh",
            "source <(plue completion zsh)",
            """
            #compdef plue
            _plue() {
              local -a found
              found=("${(@f)$("${words[1]}" "[suggest:${#${(j: :)words[1,CURRENT]}}]" "${(j: :)words}" 2>/dev/null)}")
              if [[ -n "${found[1]}" ]]; then compadd -- "${found[@]}"; else _files; fi
            }
            compdef _plue plue

            """
        ),
        (
            "fish",
            "plue completion fish | source",
            """
            complete -c plue -a '(plue "[suggest:"(string length -- (commandline -cp))"]" (commandline -cp) 2>/dev/null)'

            """
        ),
        (
            "powershell",
            "plue completion powershell | Out-String | Invoke-Expression",
            """
            Register-ArgumentCompleter -Native -CommandName plue -ScriptBlock {
              param($word, $line, $position)
              plue "[suggest:$position]" "$line" 2>$null | Where-Object { $_ -like "$word*" } | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
              }
            }

            """
        ),
    ];

    public static Command Create(Terminal terminal)
    {
        var command = new Command(
            "completion",
            "Print a script that completes commands and IDs, for example: source <(plue completion bash)"
        );
        foreach (var (shell, setup, script) in Shells)
        {
            var one = new Command(shell, $"For {shell}, for example: {setup}");
            one.SetAction(_ =>
            {
                terminal.Write(script);
                terminal.Flush();
                return ExitCodes.Done;
            });
            command.Add(one);
        }

        return command;
    }
}
