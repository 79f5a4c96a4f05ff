using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>
/// Lists the files of the workspace without links, <c>.git</c>, and files ignored by version control. Uses ripgrep if it is installed, otherwise own code with
/// the same result.
/// </summary>
/// <param name="ripgrep">The absolute path; null if it is not installed.</param>
internal sealed class WorkspaceListing(string? ripgrep)
{
    public const int MaxFiles = 300_000;
    private const int MaxIgnoreBytes = 1024 * 1024;
    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Finds ripgrep in the usual locations. PATH is not used, because it may lead into the workspace.</summary>
    public static string? FindRipgrep() =>
        OperatingSystem.IsWindows()
            ? null
            : ((string[])["/usr/bin/rg", "/usr/local/bin/rg", "/opt/homebrew/bin/rg", "/run/current-system/sw/bin/rg"]).FirstOrDefault(
                File.Exists
            );

    /// <summary>Gets the paths, sorted, relative to the workspace, with <c>/</c>.</summary>
    /// <param name="containing">A prefilter: returns files that contain these bytes, and possibly more; null for all.</param>
    /// <param name="isWhole">False if the list is truncated.</param>
    public IReadOnlyList<string> Files(
        string workspace,
        string? containing,
        bool ignoreCase,
        CancellationToken cancellationToken,
        out bool isWhole
    )
    {
        var files =
            (ripgrep is null ? null : ListWithRipgrep(workspace, containing, ignoreCase, cancellationToken))
            ?? Walk(workspace, cancellationToken);
        isWhole = files.Count < MaxFiles;
        files.Sort(StringComparer.Ordinal);
        return files;
    }

    /// <returns>Null if ripgrep failed.</returns>
    private List<string>? ListWithRipgrep(string workspace, string? containing, bool ignoreCase, CancellationToken cancellationToken)
    {
        List<string> arguments =
        [
            "--no-config",
            "--hidden",
            "--no-follow",
            "--no-messages",
            "--null",
            "--color=never",
            "--no-require-git",
            "--no-ignore-dot",
            "--no-ignore-exclude",
            "--no-ignore-global",
            "--no-ignore-parent",
            "--glob-case-insensitive",
            "--glob=!.git",
        ];
        arguments.AddRange(
            containing is null
                ? ["--files"]
                :
                [
                    "--files-with-matches",
                    "--fixed-strings",
                    "--text",
                    ignoreCase ? "--ignore-case" : "--case-sensitive",
                    "--regexp",
                    containing,
                ]
        );
        arguments.AddRange(["--", "./"]);
        try
        {
#pragma warning disable VSTHRD002 // Called on a dedicated thread.
            return ReadAsync(
                    new ChildProcessStart
                    {
                        Program = ripgrep!,
                        Arguments = arguments,
                        Environment = new Dictionary<string, string>(),
                        WorkingDirectory = workspace,
                    },
                    cancellationToken
                )
                .GetAwaiter()
                .GetResult();
#pragma warning restore VSTHRD002
        }
        catch (Exception fault) when (fault is IOException or TimeoutException)
        {
            return null;
        }
    }

    private static async Task<List<string>?> ReadAsync(ChildProcessStart start, CancellationToken cancellationToken)
    {
        await using var child = ChildProcess.Start(start);
        child.CloseInput();
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(ListTimeout);
        var files = new List<string>();
        var rest = new MemoryStream();
        var buffer = new byte[64 * 1024];
        try
        {
            while (files.Count < MaxFiles && await child.ReadAsync(buffer, time.Token) is > 0 and var count)
            {
                var from = 0;
                for (var at = 0; at < count; at++)
                {
                    if (buffer[at] != 0)
                    {
                        continue;
                    }

                    rest.Write(buffer, from, at - from);
                    var path = Encoding.UTF8.GetString(rest.GetBuffer(), 0, (int)rest.Length);
                    files.Add(path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path);
                    rest.SetLength(0);
                    from = at + 1;
                }

                rest.Write(buffer, from, count - from);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }

        if (files.Count >= MaxFiles)
        {
            return files;
        }

        // 1: no match; 2: some files could not be read
        return await child.Exited.WaitAsync(cancellationToken) is 0 or 1 or 2 ? files : null;
    }

    private static List<string> Walk(string workspace, CancellationToken cancellationToken)
    {
        var files = new List<string>();
        var folders = new Stack<(string Relative, IReadOnlyList<IgnoreRules> Rules)>([("", [])]);
        var options = new EnumerationOptions
        {
            AttributesToSkip = FileAttributes.None,
            IgnoreInaccessible = true,
            ReturnSpecialDirectories = false,
        };
        while (folders.TryPop(out var folder) && files.Count < MaxFiles)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rules = folder.Rules;
            var ignore = folder.Relative.Length == 0 ? ".gitignore" : $"{folder.Relative}/.gitignore";
            if (TextOf(workspace, ignore) is { } text)
            {
                rules = [.. rules, new IgnoreRules(folder.Relative, text)];
            }

            foreach (var entry in new DirectoryInfo(Path.Combine(workspace, folder.Relative)).EnumerateFileSystemInfos("*", options))
            {
                // A file with an invalid name cannot be evaluated.
                if (entry.Name.Contains('\uFFFD', StringComparison.Ordinal))
                {
                    files.Add(folder.Relative.Length == 0 ? entry.Name : $"{folder.Relative}/{entry.Name}");
                    continue;
                }
                if (entry.Attributes.HasFlag(FileAttributes.ReparsePoint) || entry.Name.Equals(".git", StringComparison.OrdinalIgnoreCase))
                {
                    continue;
                }

                var isFolder = entry is DirectoryInfo;
                var relative = folder.Relative.Length == 0 ? entry.Name : $"{folder.Relative}/{entry.Name}";
                if (IgnoreRules.IsIgnored(rules, relative, isFolder))
                {
                    continue;
                }
                if (isFolder)
                {
                    folders.Push((relative, rules));
                }
                else
                {
                    files.Add(relative);
                }
            }
        }

        return files;
    }

    /// <returns>Null if the file does not exist or cannot be read.</returns>
    private static string? TextOf(string workspace, string relative)
    {
        try
        {
            using var folder = new FolderHandle(workspace);
            return folder.Read(relative, MaxIgnoreBytes) is { } content ? FileText.Of(content)?.Content : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
