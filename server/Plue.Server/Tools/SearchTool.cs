using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>Finds files by name, and lines by content.</summary>
/// <param name="description">The description of the tool for the model.</param>
/// <param name="policy">Each searched file is evaluated like a read.</param>
/// <param name="editor">Searches unsaved changes, too; null searches only the disk.</param>
internal sealed class SearchTool(string description, PermissionPolicy policy, EditorWindow? editor = null) : ITool
{
    private const int MaxLines = 200;
    private const int MaxNames = 500;
    private const int MaxLineLength = 300;
    private const int MaxQueryLength = 1_000;
    private const int MaxFileBytes = 8 * 1024 * 1024;
    private const int MaxUnsaved = 100;
    private static readonly TimeSpan RegexTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SearchTimeout = TimeSpan.FromSeconds(60);
    private const string Schema =
        """{"type":"object","properties":{"query":{"type":"string"},"regex":{"type":"boolean"},"files":{"type":"string"},"ignore_case":{"type":"boolean"}},"additionalProperties":false}""";

    public string Name => "search";
    public ToolDeclaration Declaration { get; } = new("search", description, Schema);
    public bool IsReadOnly => true;

    /// <summary>Gets the path of ripgrep; null if it is not installed.</summary>
    internal string? Ripgrep { get; init; } = WorkspaceListing.FindRipgrep();

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "query", "regex", "files", "ignore_case");
        var (query, files) = (given.OptionalText("query"), given.OptionalText("files"));
        if (string.IsNullOrEmpty(query) && string.IsNullOrEmpty(files))
        {
            throw new ToolFailureException("Give `query`, `files` or both.");
        }
        if (query is { Length: > MaxQueryLength } || query?.AsSpan().IndexOfAny('\n', '\r', '\0') >= 0)
        {
            throw new ToolFailureException("`query` must be part of one line, of at most 1,000 characters.");
        }

        var workspace = WorkspacePath.Resolve(context.Folders, ".");
        PathPattern? pattern = null;
        if (!string.IsNullOrEmpty(files))
        {
            pattern =
                PathPattern.TryParse(files.StartsWith("./", StringComparison.Ordinal) ? files[1..] : files, allowBraces: true)
                ?? throw new ToolFailureException("`files` is not a valid glob pattern. Use a pattern like `src/**/*.ts`.");
        }

        var request = new Request(
            string.IsNullOrEmpty(query) ? null : query,
            given.Flag("regex"),
            given.Flag("ignore_case"),
            pattern,
            files
        );
        return Task.FromResult<PlannedCall>(
            new Call(
                workspace.Folders,
                request,
                request.IsRegex && request.Query is not null ? Expression(request) : null,
                new WorkspaceListing(Ripgrep),
                path => MayRead(path, context),
                editor
            )
        );
    }

    private bool MayRead(string path, ToolContext context) =>
        policy.Evaluate(Name, new ToolAction.ReadFile(path), context.Rights()).Decision == Decision.Allow;

    private static Regex Expression(Request request)
    {
        var options = RegexOptions.CultureInvariant | (request.IgnoreCase ? RegexOptions.IgnoreCase : RegexOptions.None);
        try
        {
            try
            {
                return new Regex(request.Query!, options | RegexOptions.NonBacktracking);
            }
            catch (NotSupportedException)
            {
                return new Regex(request.Query!, options, RegexTimeout);
            }
        }
        catch (ArgumentException fault)
        {
            throw new ToolFailureException(
                $"`query` is not a valid regular expression: {fault.Message.TrimEnd('.')}. Omit `regex` to search for literal text.",
                fault
            );
        }
    }

    private sealed record Request(string? Query, bool IsRegex, bool IgnoreCase, PathPattern? Files, string? FilesText);

    private sealed class Call(
        WorkspaceFolders folders,
        Request request,
        Regex? regex,
        WorkspaceListing listing,
        Func<string, bool> mayRead,
        EditorWindow? editor
    ) : PlannedCall
    {
        /// <summary>Unsaved text in the editor.</summary>
        private readonly Dictionary<WorkspacePath, string> unsaved = [];

        public override IReadOnlyList<ToolAction> Actions { get; } = [.. folders.Paths.Select(path => new ToolAction.ReadFile(path))];
        public override ApprovalKind Kind => ApprovalKind.Read;
        public override string ActionText { get; } =
            string.Join(" in ", new[] { request.Query, request.FilesText }.Where(one => one is not null));
        public override string? Location => folders.First.Path;

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            if (request.Query is not null && editor is { HasUnsaved: true })
            {
                await ReadUnsavedAsync(editor, cancellationToken);
            }

            return await Task.Run(() => Search(cancellationToken), cancellationToken);
        }

        private async Task ReadUnsavedAsync(EditorWindow window, CancellationToken cancellationToken)
        {
            var inside = window.Unsaved.Where(path => folders.FolderOf(path) is not null && mayRead(path));
            foreach (var path in inside.Take(MaxUnsaved).ToList())
            {
                var file = FileOf(
                    folders.FolderOf(path)!,
                    Path.GetRelativePath(folders.FolderOf(path)!.Path, path).Replace(Path.DirectorySeparatorChar, '/')
                );
                if (!IsRequested(file) || await window.ReadUnsavedAsync(path, cancellationToken) is not { } text)
                {
                    continue;
                }

                var content = Encoding.UTF8.GetBytes(text);
                if (content.Length <= MaxFileBytes && ProtectedPaths.DenialReason(content) is null)
                {
                    unsaved[file] = text;
                }
            }
        }

        private WorkspacePath FileOf(WorkspaceFolder folder, string relative) => new(folders, folder, "", relative);

        /// <summary>True if the path matches the pattern: relative to its folder or, with several folders, starting with the folder's name.</summary>
        private bool IsRequested(WorkspacePath file) =>
            request.Files is not { } pattern || pattern.IsMatch(file.Relative) || (folders.AreSeveral && pattern.IsMatch(file.Shown));

        private ToolOutcome Search(CancellationToken cancellationToken)
        {
            using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            time.CancelAfter(SearchTimeout);
            try
            {
                // Other characters than ASCII have different bytes in other encodings.
                var hint = regex is null && request.Query is { } query && query.All(char.IsAscii) ? query : null;
                var isWhole = true;
                List<WorkspacePath> files = [];
                foreach (var folder in folders.All)
                {
                    var found = listing.Files(folder.Path, hint, request.IgnoreCase, time.Token, out var isWholeFolder);
                    files.AddRange(found.Select(relative => FileOf(folder, relative)));
                    isWhole &= isWholeFolder;
                }

                var requested = files.Where(IsRequested);
                if (unsaved.Count > 0)
                {
                    // Unsaved text can match although the file does not.
                    requested = requested.Union(unsaved.Keys).OrderBy(file => file.Shown, StringComparer.Ordinal);
                }
                var output = request.Query is null ? Names([.. requested], time.Token) : Lines(requested, time.Token);
                if (!isWhole)
                {
                    output.Append(
                        CultureInfo.InvariantCulture,
                        $"[The workspace has more than {WorkspaceListing.MaxFiles} files; only these were searched. Narrow `files`.]\n"
                    );
                }

                return new ToolOutcome(output.ToString());
            }
            catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
            {
                throw new ToolFailureException("The search took longer than 60 s. Narrow `files`, or use a more specific query.", fault);
            }
            catch (RegexMatchTimeoutException fault)
            {
                throw new ToolFailureException("The regular expression takes too long. Simplify it: avoid nested repetition.", fault);
            }
        }

        private StringBuilder Names(List<WorkspacePath> files, CancellationToken cancellationToken)
        {
            var output = new StringBuilder();
            var (shown, held) = (0, 0);
            foreach (var file in files)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (shown == MaxNames)
                {
                    break;
                }
                if (!mayRead(file.Full))
                {
                    held++;
                    continue;
                }

                output.Append(file.Display).Append('\n');
                shown++;
            }

            if (shown == 0)
            {
                output.Append("No file fits.\n");
            }
            if (files.Count - held > shown)
            {
                output.Append(
                    CultureInfo.InvariantCulture,
                    $"[{shown} of {files.Count} files are shown. Narrow `files` to see the others.]\n"
                );
            }
            return Finish(output, held, 0, files.Count(HasNoName));
        }

        private static bool HasNoName(WorkspacePath file) => file.Relative.Contains('\uFFFD', StringComparison.Ordinal);

        private StringBuilder Lines(IEnumerable<WorkspacePath> files, CancellationToken cancellationToken)
        {
            var output = new StringBuilder();
            var (shown, inFiles, held, large, unnamed) = (0, 0, 0, 0, 0);
            var isCut = false;
            List<string> typed = [];
            using var opened = new OpenFolders();
            foreach (var file in files)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (HasNoName(file))
                {
                    unnamed++;
                    continue;
                }

                var inEditor = unsaved.GetValueOrDefault(file);
                var content = inEditor ?? Content(opened.Of(file.Folder), file.Relative, ref large);
                if (content is null || !MayMatch(content))
                {
                    continue;
                }

                var isFirst = true;
                foreach (var (line, text) in MatchesIn(content, cancellationToken))
                {
                    if (isFirst && !mayRead(file.Full))
                    {
                        held++;
                        break;
                    }
                    if (shown == MaxLines)
                    {
                        isCut = true;
                        break;
                    }

                    inFiles += isFirst ? 1 : 0;
                    if (isFirst && inEditor is not null)
                    {
                        typed.Add(file.Display);
                    }
                    isFirst = false;
                    shown++;
                    output.Append(CultureInfo.InvariantCulture, $"{file.Display}:{line}: {HiddenCharacters.Visible(Excerpt(text))}\n");
                }

                if (isCut)
                {
                    break;
                }
            }

            output.Append(
                shown == 0 ? "No line fits.\n"
                : isCut
                    ? string.Create(
                        CultureInfo.InvariantCulture,
                        $"[The first {shown} lines, from {inFiles} files. There are more. Narrow `files`, or use a more specific query.]\n"
                    )
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"[{shown} {(shown == 1 ? "line" : "lines")} in {inFiles} {(inFiles == 1 ? "file" : "files")}.]\n"
                )
            );
            if (typed.Count > 0)
            {
                output.Append(CultureInfo.InvariantCulture, $"[With {EditorWindow.UnsavedNote}: {string.Join(", ", typed)}.]\n");
            }
            return Finish(output, held, large, unnamed);
        }

        private static StringBuilder Finish(StringBuilder output, int held, int large, int unnamed)
        {
            if (held > 0)
            {
                output.Append(CultureInfo.InvariantCulture, $"[{held} more are not readable and were skipped.]\n");
            }
            if (large > 0)
            {
                output.Append(
                    CultureInfo.InvariantCulture,
                    $"[{large} files over {MaxFileBytes / (1024 * 1024)} MiB were not searched.]\n"
                );
            }
            if (unnamed > 0)
            {
                output.Append(
                    CultureInfo.InvariantCulture,
                    $"[{unnamed} files have a name that is not valid text and cannot be opened.]\n"
                );
            }
            return output;
        }

        private sealed class OpenFolders : IDisposable
        {
            private readonly Dictionary<WorkspaceFolder, FolderHandle> handles = [];

            public FolderHandle Of(WorkspaceFolder folder) =>
                handles.TryGetValue(folder, out var known) ? known : handles[folder] = new FolderHandle(folder.Path);

            public void Dispose()
            {
                foreach (var handle in handles.Values)
                {
                    handle.Dispose();
                }
            }
        }

        private static string? Content(FolderHandle folder, string file, ref int large)
        {
            try
            {
                if (folder.Read(file, MaxFileBytes) is not { } content)
                {
                    large++;
                    return null;
                }

                return ProtectedPaths.DenialReason(content) is null ? FileText.Of(content)?.Content : null;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // The file was deleted, or is a link or a pipe.
                return null;
            }
        }

        private StringComparison Comparison => request.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

        private bool MayMatch(string content) => regex is not null || content.Contains(request.Query!, Comparison);

        private IEnumerable<(int Line, string Text)> MatchesIn(string content, CancellationToken cancellationToken)
        {
            var line = 0;
            for (var start = 0; start < content.Length; )
            {
                line++;
                if (line % 1_000 == 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }

                var end = content.IndexOf('\n', start) is var found and >= 0 ? found : content.Length;
                var text = content.AsSpan(start, end - start).TrimEnd('\r');
                if (regex is null ? text.Contains(request.Query, Comparison) : regex.IsMatch(text))
                {
                    yield return (line, text.ToString());
                }

                start = end + 1;
            }
        }

        /// <summary>Gets the line, or the relevant part of a long one.</summary>
        private string Excerpt(string text)
        {
            if (text.Length <= MaxLineLength)
            {
                return text;
            }

            var at = regex is null ? text.IndexOf(request.Query!, Comparison) : regex.Match(text).Index;
            var from = Math.Clamp(at - (MaxLineLength / 3), 0, text.Length - MaxLineLength);
            return $"{(from > 0 ? "…" : "")}{text.Substring(from, MaxLineLength)}{(from + MaxLineLength < text.Length ? "…" : "")}";
        }
    }
}
