namespace Plue.Server.Permissions;

/// <summary>
/// Programs that run other commands or change the state of the shell. They always require approval, and the commands that they run are evaluated, too.
/// </summary>
internal static class CommandWrappers
{
    private const int MaxDepth = 4;
    private const int MaxWords = 64;

    private static readonly HashSet<string> Programs = new(StringComparer.Ordinal)
    {
        "sh",
        "bash",
        "dash",
        "zsh",
        "ksh",
        "mksh",
        "ash",
        "fish",
        "csh",
        "tcsh",
        "pwsh",
        "busybox",
        "toybox",
        "coreutils",
        "env",
        "sudo",
        "sudoedit",
        "doas",
        "su",
        "runuser",
        "pkexec",
        "run0",
        "systemd-run",
        "xargs",
        "parallel",
        "timeout",
        "gtimeout",
        "nohup",
        "nice",
        "ionice",
        "chrt",
        "taskset",
        "stdbuf",
        "unbuffer",
        "setsid",
        "setarch",
        "linux64",
        "chroot",
        "unshare",
        "nsenter",
        "bwrap",
        "firejail",
        "setpriv",
        "capsh",
        "prlimit",
        "flock",
        "ssh",
        "rsh",
        "mosh",
        "script",
        "expect",
        "watch",
        "entr",
        "strace",
        "ltrace",
        "gdb",
        "perf",
        "valgrind",
        "time",
        "dbus-run-session",
        "tmux",
        "screen",
        "at",
        "batch",
        "crontab",
        "start-stop-daemon",
        "fakeroot",
        "faketime",
        "proot",
        "wine",
        "cmd",
        "cmd.exe",
        "powershell",
        "powershell.exe",
        "ld.so",
        "socat",
        "ncat",
        "nc",
    };

    /// <summary>Builtins that change the state of the shell, and thus the meaning of later commands.</summary>
    private static readonly HashSet<string> ShellState = new(StringComparer.Ordinal)
    {
        "eval",
        "exec",
        "source",
        ".",
        "command",
        "builtin",
        "export",
        "alias",
        "unalias",
        "set",
        "unset",
        "shopt",
        "trap",
        "declare",
        "typeset",
        "local",
        "readonly",
        "let",
        "read",
        "readarray",
        "mapfile",
        "hash",
        "enable",
        "umask",
        "ulimit",
        "pushd",
        "popd",
        "getopts",
        "shift",
        "bind",
        "complete",
        "compgen",
        "fc",
        "history",
        "cd",
    };

    private static readonly string[] FindRuns = ["-exec", "-execdir", "-ok", "-okdir"];

    public static bool IsWrapper(IReadOnlyList<string> words) =>
        Programs.Contains(NameOf(words[0])) || IsShellState(words[0]) || (NameOf(words[0]) == "find" && words.Any(FindRuns.Contains));

    public static bool IsShellState(string program) => ShellState.Contains(program);

    /// <summary>Gets the command and all commands that it could run: those after a wrapper, starting at each word, and each word that is a script.</summary>
    public static IEnumerable<IReadOnlyList<string>> Unwrap(IReadOnlyList<string> words, string userHome, int depth = 0)
    {
        if (words.Count == 0)
        {
            yield break;
        }

        yield return words;
        if (NameOf(words[0]) == "find" && words.Contains("-delete"))
        {
            yield return ["rm", "-r", .. words.Skip(1).TakeWhile(word => !word.StartsWith('-'))];
        }
        if (depth >= MaxDepth || !IsWrapper(words))
        {
            yield break;
        }

        var hasScript = false;
        for (var i = 1; i < Math.Min(words.Count, MaxWords); i++)
        {
            if (words[i].Length == 0 || words[i].StartsWith('-'))
            {
                continue;
            }

            yield return [.. words.Skip(i)];
            var script = NameOf(words[0]) switch
            {
                // These join their arguments to a command; ssh those after the host.
                "eval" => hasScript ? null : string.Join(' ', words.Skip(i)),
                "ssh" => hasScript ? null : string.Join(' ', words.Skip(i + 1)),
                _ => words[i].AsSpan().IndexOfAny(" \t\n;|&") < 0 ? null : words[i],
            };
            hasScript = true;
            if (script is null)
            {
                continue;
            }

            foreach (
                var inner in ShellGrammar.Parse(script, userHome).Commands.SelectMany(command => Unwrap(command.Words, userHome, depth + 1))
            )
            {
                yield return inner;
            }
        }
    }

    /// <summary>Gets the name without its folder: <c>sh</c> for <c>/bin/sh</c>.</summary>
    public static string NameOf(string program) => Path.GetFileName(program) is { Length: > 0 } name ? name : program;
}
