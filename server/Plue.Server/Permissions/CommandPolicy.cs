using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>Evaluates a shell command line: each command and each redirect, in the folder where it would run.</summary>
/// <param name="shell">Gets the shell that runs the line; null if there is none.</param>
internal sealed class CommandPolicy(FilePolicy files, SystemPrograms programs, string userHome, Func<CommandShell?> shell)
{
    private static readonly string[] Removers =
    [
        "rm",
        "rmdir",
        "unlink",
        "shred",
        "mv",
        "srm",
        "trash",
        "trash-put",
        "gio",
        "chmod",
        "chown",
        "chgrp",
        "truncate",
        .. PowerShellCommands.Removers,
    ];

    private ShellKind Kind => shell()?.Kind ?? ShellKind.Other;

    /// <param name="canonical">The rule pattern for the whole line; null if there is none.</param>
    public Evaluation Evaluate(ToolAction.RunCommand run, Rights rights, RuleSet ruleSet, out string? canonical)
    {
        canonical = null;
        if (rights.Folders is not { } folders)
        {
            return Evaluation.Deny("No workspace folder is open, so no command can run.");
        }

        var reading = Parse(run.Command);
        var inside = reading.Commands.SelectMany(command => CommandWrappers.Unwrap(command.Words, userHome));
        var restricted = inside
            .Select(ruleSet.Command)
            .Prepend(ruleSet.Tool("bash"))
            .OfType<Evaluation>()
            .Aggregate(Evaluation.Allow("It only reads."), (all, one) => all.StricterOf(one));
        if (restricted.Decision == Decision.Deny)
        {
            return restricted;
        }

        var isPlan = rights.Mode.DeniesChanges();
        if (Kind == ShellKind.Other)
        {
            return isPlan
                ? FilePolicy.NoChanges(rights)
                : Evaluation.AlwaysAsk($"Plue cannot analyze commands for {shell()?.Name ?? "this machine"}.");
        }

        if (reading.Unsupported is { } obstacle)
        {
            return isPlan
                ? FilePolicy.NoChanges(rights)
                : TopOf(reading, run.Folder, rights)
                    ?? Evaluation.AlwaysAsk($"Plue cannot determine what it runs: {obstacle.What} (character {obstacle.At + 1}).");
        }

        if (FilePolicy.Target(run.Folder) is not { } start || FilePolicy.FolderOf(rights, start) is not { } top)
        {
            return Evaluation.AlwaysAsk($"It would start in {run.Folder}, outside the workspace.");
        }

        canonical = reading.Canonical;
        var verdict = restricted;
        // Other commands of the line may have created links by the time this one runs.
        var hasBeside =
            reading.Commands.Any(command => command.Operator == ShellOperator.Pipe) || reading.Canonical?.Split(' ').Contains("&") != false;
        var changes = reading.Commands.Select(command => !IsHarmless(command, [.. folders.Paths])).ToList();
        for (var i = 0; i < reading.Commands.Count; i++)
        {
            var command = reading.Commands[i];
            if (FolderOf(start, command.DirectoryChanges) is not { } folder)
            {
                return verdict.StricterOf(Evaluation.AlwaysAsk("Plue cannot determine the folder that it would run in."));
            }
            if (!FilePolicy.IsWithin(rights, folder))
            {
                return verdict.StricterOf(Evaluation.AlwaysAsk($"It would run in {folder}, outside the workspace.", folder));
            }

            var isUnsettled = changes.Where((isChange, j) => isChange && (j < i || (hasBeside && j != i))).Any();
            verdict = verdict.StricterOf(Evaluate(command, folder, top, rights, ruleSet, isUnsettled));
        }

        return verdict;
    }

    /// <summary>Evaluates text that is typed into a running command. If what reads it could run it, each text requires approval.</summary>
    public Evaluation Evaluate(ToolAction.SendInput input, Rights rights, RuleSet ruleSet, out string? canonical)
    {
        var command = Evaluate(new ToolAction.RunCommand(input.Command, input.Folder), rights, ruleSet, out canonical);
        if (command.Decision == Decision.Deny)
        {
            return command;
        }

        var reading = Parse(input.Command);
        return reading.Unsupported is not null
                ? Evaluation.AlwaysAsk($"Plue cannot determine which program of {input.Command} reads the text.")
            : reading.Commands.FirstOrDefault(one => one.Words.Count > 0 && (IsWrapper(one.Words) || Interpreters.Runs(one.Words)))
                is { } interpreter
                ? Evaluation.AlwaysAsk(
                    $"{CommandWrappers.NameOf(interpreter.Words[0])} can run what it reads. It is typed into {input.Command}."
                )
            : command.Decision == Decision.Allow ? command
            : Evaluation.Ask($"It is typed into {input.Command}, which no permission rule allows.");
    }

    private ShellParseResult Parse(string line)
    {
        if (Kind == ShellKind.PowerShell)
        {
            return PowerShellGrammar.Parse(line);
        }

        var reading = ShellGrammar.Parse(line, userHome);
        return reading.Unsupported is null && shell() is { HasOwnPaths: true } && reading.Commands.Any(HasOwnPath)
            ? reading with
            {
                Canonical = null,
                Unsupported = new UnsupportedSyntax("it has a path that only Git Bash resolves", 0),
            }
            : reading;
    }

    private static bool HasOwnPath(ShellCommand command) =>
        command
            .Words.SelectMany(PathsIn)
            .Concat(command.Redirects.Select(redirect => redirect.Target).Where(target => target != "/dev/null"))
            .Concat(command.DirectoryChanges ?? [])
            .Any(path => path.StartsWith('/'));

    private bool IsWrapper(IReadOnlyList<string> words) =>
        Kind == ShellKind.PowerShell ? PowerShellCommands.IsWrapper(words) : CommandWrappers.IsWrapper(words);

    private bool IsHarmless(ShellCommand command, IReadOnlyList<string> workspace) =>
        command.Words.Count == 0
        || command.Words[0] == "cd"
        || (Kind == ShellKind.PowerShell && PowerShellCommands.OnlyReads(command.Words, out _))
        || (
            Kind == ShellKind.Posix
            && ReadOnlyCommands.NameOf(command.Words, programs, workspace) is { } name
            && ReadOnlyCommands.OnlyReads(name, command.Words, out _, out _)
        );

    /// <param name="top">The workspace folder in which the line starts.</param>
    private Evaluation Evaluate(ShellCommand command, string folder, string top, Rights rights, RuleSet ruleSet, bool isUnsettled)
    {
        var verdict = Evaluation.Allow("It only reads.");
        foreach (var redirect in command.Redirects)
        {
            var path = Path.Combine(folder, redirect.Target);
            verdict = verdict.StricterOf(
                redirect.Kind == RedirectKind.Read
                    ? files.Read(path, rights, ruleSet, "read")
                    : files.Change(path, rights, ruleSet, "write", isByShell: true)
            );
        }

        if (isUnsettled && (command.Redirects.Count > 0 || command.DirectoryChanges is { Count: > 0 }))
        {
            verdict = verdict.StricterOf(Unsettled);
        }
        if (command.Words.Count == 0 || verdict.Decision == Decision.Deny)
        {
            return verdict;
        }

        return verdict.StricterOf(TopOf(command, folder, rights) ?? Program(command, folder, top, rights, ruleSet, isUnsettled));
    }

    private static Evaluation Unsettled => Evaluation.Ask("Another command on the line can change which files it refers to.");

    private Evaluation Program(ShellCommand command, string folder, string top, Rights rights, RuleSet ruleSet, bool isUnsettled)
    {
        IReadOnlyList<string> workspace = [.. rights.Folders?.Paths ?? []];
        var words = command.Words;
        if (words is ["cd", var to] && to.Length > 0 && to[0] != '-')
        {
            return FolderOf(folder, [to]) is null ? Evaluation.AlwaysAsk($"Plue cannot determine the folder of cd {to}.")
                : isUnsettled ? Unsettled
                : Evaluation.Allow("It changes the working directory.");
        }

        if (Kind == ShellKind.PowerShell && PowerShellCommands.OnlyReads(words, out var targets))
        {
            var reads = Evaluation.Allow($"{words[0]} only reads.");
            foreach (var path in targets.Select(file => Path.Combine(folder, file.Replace('\\', Path.DirectorySeparatorChar))))
            {
                reads = reads.StricterOf(files.Read(path, rights, ruleSet, "read"));
                reads = isUnsettled ? reads.StricterOf(Unsettled) : reads;
            }

            return reads;
        }

        if (
            Kind == ShellKind.Posix
            && !CommandWrappers.IsWrapper(words)
            && ReadOnlyCommands.NameOf(words, programs, workspace) is { } name
            && ReadOnlyCommands.OnlyReads(name, words, out var named, out var mayBeFolders)
        )
        {
            var reads = Evaluation.Allow($"{name} only reads.");
            foreach (var path in named.Where(file => file is not "-").Select(file => Path.Combine(folder, file)))
            {
                reads = reads.StricterOf(files.Read(path, rights, ruleSet, "read"));
                if (isUnsettled)
                {
                    reads = reads.StricterOf(Unsettled);
                }
                if (!mayBeFolders && Directory.Exists(path))
                {
                    reads = reads.StricterOf(Evaluation.Ask($"{name} would read the contents of a folder."));
                }
            }

            return reads;
        }

        var touched = Evaluation.Allow("");
        foreach (var path in CommandWrappers.Unwrap(words, userHome).SelectMany(inner => inner).Distinct().SelectMany(PathsIn))
        {
            touched = touched.StricterOf(files.Touch(Path.Combine(folder, path), rights, ruleSet) ?? touched);
        }

        if (touched.Decision == Decision.Deny)
        {
            return touched;
        }
        if (rights.Mode.DeniesChanges())
        {
            return FilePolicy.NoChanges(rights);
        }
        if (touched.Decision == Decision.Ask)
        {
            return touched;
        }
        if (Kind == ShellKind.PowerShell && PowerShellCommands.IsAlias(words[0]))
        {
            return Evaluation.AlwaysAsk($"{words[0]} can be an alias of PowerShell.");
        }
        if (CommandWrappers.IsShellState(words[0]))
        {
            return Evaluation.AlwaysAsk($"{words[0]} changes the state of the shell and so the commands that follow.");
        }
        if (IsWrapper(words))
        {
            return Evaluation.AlwaysAsk($"{CommandWrappers.NameOf(words[0])} runs other commands.");
        }
        if (programs.IsInWorkspace(words[0], workspace))
        {
            return Evaluation.AlwaysAsk($"{words[0]} resolves to a program in the workspace.");
        }

        var isAtTop = folder == top;
        if (
            CommandWrappers.NameOf(words[0]) is "git" or "git.exe"
            && !(isAtTop && command.DirectoryChanges is [] && GitFolder.IsOwn(words, folder, isUnsettled))
        )
        {
            return Evaluation.AlwaysAsk(
                "Git might use a repository other than the workspace's own and run commands from its configuration."
            );
        }

        // A program path in a rule is relative to the workspace.
        var isPlaced = words[0].AsSpan().IndexOfAny('/', '\\') >= 0 && !Path.IsPathRooted(words[0]);
        return (isAtTop || !isPlaced) && ruleSet.AllowsCommand(command.Text) ? Evaluation.Allow("A permission rule allows it.")
            : isAtTop && ruleSet.IsStored($"bash({command.Text})") ? Evaluation.Allow("You allowed exactly this.")
            : Evaluation.Ask("It is not a read-only command.");
    }

    /// <summary>Gets the possible paths in a word: the word, the text after <c>=</c> and after an option letter.</summary>
    private static IEnumerable<string> PathsIn(string word)
    {
        if (word.Length is 0 or > 4096 || word.Contains('\0', StringComparison.Ordinal))
        {
            yield break;
        }
        if (word[0] != '-')
        {
            yield return word;
        }
        if (word[0] == '-' && word.Length > 2 && word[1] != '-')
        {
            yield return word[2..];
        }
        if (word.IndexOf('=', StringComparison.Ordinal) is >= 0 and var equals && equals + 1 < word.Length)
        {
            yield return word[(equals + 1)..];
        }
    }

    private Evaluation? TopOf(ShellParseResult reading, string start, Rights rights) =>
        reading
            .Commands.Select(command => FolderOf(start, command.DirectoryChanges) is { } folder ? TopOf(command, folder, rights) : null)
            .FirstOrDefault(found => found is not null);

    /// <summary>Requires approval for removing or changing a top-level folder, such as the user's folder or the workspace.</summary>
    private Evaluation? TopOf(ShellCommand command, string folder, Rights rights)
    {
        foreach (
            var words in CommandWrappers.Unwrap(command.Words, userHome).Where(words => Removers.Contains(CommandWrappers.NameOf(words[0])))
        )
        {
            foreach (var word in words.Skip(1).SelectMany(PathsIn))
            {
                if (
                    FilePolicy.Target(Path.Combine(folder, word)) is { } target
                    && files.IsTop(target, rights)
                    && !IsDestination(words, word)
                )
                {
                    return rights.Mode.DeniesChanges()
                        ? FilePolicy.NoChanges(rights)
                        : Evaluation.AlwaysAsk($"{CommandWrappers.NameOf(words[0])} would change or delete all of {target}.", target);
                }
            }
        }

        return null;
    }

    /// <summary>True for the destination of a move: an existing target folder keeps its content.</summary>
    private static bool IsDestination(IReadOnlyList<string> words, string word) =>
        CommandWrappers.NameOf(words[0]) == "mv"
        && ReferenceEquals(word, words[^1])
        && !words.Any(option => option.StartsWith("-t", StringComparison.Ordinal) || option.StartsWith("--t", StringComparison.Ordinal));

    /// <summary>Gets the working directory after these changes; null if one does not exist, or the meaning of <c>..</c> is ambiguous.</summary>
    private static string? FolderOf(string start, IReadOnlyList<string>? moves)
    {
        if (moves is null)
        {
            return null;
        }

        // The shell resolves .. by name, the operating system by the real folder.
        var (named, folder) = (start, start);
        foreach (var move in moves)
        {
            named = Path.GetFullPath(Path.Combine(named, move));
            if (
                RealPath.TargetOf(Path.Combine(folder, move)) is not { } next
                || RealPath.TargetOf(named) != next
                || !Directory.Exists(next)
            )
            {
                return null;
            }

            folder = next;
        }

        return folder;
    }
}
