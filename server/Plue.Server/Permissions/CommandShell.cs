namespace Plue.Server.Permissions;

internal enum ShellKind
{
    /// <summary>sh, dash or bash, also that of Git for Windows.</summary>
    Posix,
    PowerShell,

    /// <summary>A shell whose lines cannot be analyzed.</summary>
    Other,
}

/// <summary>The shell that runs the commands of agents. The policy and the tool use the same value, so that the shell that is judged is the shell that runs.</summary>
/// <param name="Path">An absolute path.</param>
internal sealed record CommandShell(string Path, ShellKind Kind)
{
    private static readonly Lazy<CommandShell?> Found = new(() =>
        Find(OperatingSystem.IsWindows(), Environment.GetEnvironmentVariable, File.Exists)
    );

    /// <summary>Gets the shell of this machine, which is searched once; null if there is none.</summary>
    public static CommandShell? OfThisMachine => Found.Value;

    /// <summary>True for the bash of Git for Windows, which reads <c>/c/x</c> as <c>C:\x</c> and other paths from <c>/</c> in its own folder.</summary>
    public bool HasOwnPaths => Kind == ShellKind.Posix && Path.EndsWith(".exe", StringComparison.OrdinalIgnoreCase);

    public string Name => System.IO.Path.GetFileName(Path.Replace('\\', '/'));

    /// <summary>Gets the shell at this path. A name that is not known is of a shell whose lines cannot be analyzed.</summary>
    public static CommandShell At(string path)
    {
        var shell = new CommandShell(path, ShellKind.Other);
        var name = shell.Name.EndsWith(".exe", StringComparison.OrdinalIgnoreCase) ? shell.Name[..^4] : shell.Name;
        return shell with
        {
            Kind =
                name is "sh" or "bash" or "dash" ? ShellKind.Posix
                : name is "pwsh" or "powershell" ? ShellKind.PowerShell
                : ShellKind.Other,
        };
    }

    /// <summary>
    /// Finds the shell: on Windows the bash of Git, which most commands of agents are written for, otherwise PowerShell 7, otherwise Windows PowerShell.
    /// The bash of the Windows Subsystem for Linux is not one: it would run in another system.
    /// </summary>
    internal static CommandShell? Find(bool isWindows, Func<string, string?> environment, Func<string, bool> exists)
    {
        string[] candidates = isWindows
            ? [.. GitBash(environment, exists), .. PowerShells(environment)]
            : ["/bin/bash", "/usr/bin/bash", "/bin/sh"];
        return candidates.FirstOrDefault(exists) is { } path ? At(path) : null;
    }

    /// <summary>Gets places of bash: beside each <c>git.exe</c> of the search path, then where the installers put it.</summary>
    private static IEnumerable<string> GitBash(Func<string, string?> environment, Func<string, bool> exists)
    {
        foreach (var folder in FoldersOfPath(environment).Where(folder => exists($@"{folder}\git.exe")))
        {
            // Git\cmd, Git\bin, or Git\mingw64\bin.
            foreach (var above in new[] { Above(folder), Above(Above(folder) ?? "") }.OfType<string>())
            {
                yield return $@"{above}\bin\bash.exe";
            }
        }

        foreach (var (name, rest) in new[] { ("ProgramFiles", ""), ("ProgramFiles(x86)", ""), ("LOCALAPPDATA", @"\Programs") })
        {
            if (environment(name) is { Length: > 0 } folder)
            {
                yield return $@"{folder}{rest}\Git\bin\bash.exe";
            }
        }
        if (environment("USERPROFILE") is { Length: > 0 } home)
        {
            yield return $@"{home}\scoop\apps\git\current\bin\bash.exe";
        }
    }

    private static IEnumerable<string> PowerShells(Func<string, string?> environment)
    {
        if (environment("ProgramFiles") is { Length: > 0 } programs)
        {
            yield return $@"{programs}\PowerShell\7\pwsh.exe";
        }
        foreach (var folder in FoldersOfPath(environment))
        {
            yield return $@"{folder}\pwsh.exe";
        }
        if (environment("SystemRoot") is { Length: > 0 } system)
        {
            yield return $@"{system}\System32\WindowsPowerShell\v1.0\powershell.exe";
        }
    }

    /// <summary>Gets the absolute folders of the search path. Others would be resolved in the workspace.</summary>
    private static IEnumerable<string> FoldersOfPath(Func<string, string?> environment) =>
        (environment("PATH") ?? "")
            .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(folder => folder.Trim('"').TrimEnd('\\'))
            .Where(folder => folder.Length > 2 && char.IsAsciiLetter(folder[0]) && folder[1] == ':' && folder[2] == '\\');

    private static string? Above(string folder) => folder.LastIndexOf('\\') is > 2 and var at ? folder[..at] : null;
}
