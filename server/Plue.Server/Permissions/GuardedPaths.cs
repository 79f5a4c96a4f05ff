using System.Globalization;
using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>
/// Files of a workspace that control what runs or what is sent to a model, listed in <c>server/guarded-files.json5</c>: changing them always requires approval,
/// even if they do not exist yet. Also files with keys, which are never read for a model. Names are compared regardless of case, Unicode form, and trailing
/// dots and spaces, as some file systems do.
/// </summary>
internal static class GuardedPaths
{
    private static readonly string[] EndsOfExamples = [".example", ".sample", ".template", ".dist"];
    private static readonly string[] EndsOfKeys = [".p12", ".pfx", ".jks", ".keystore", ".kdbx"];

    /// <returns>Why a change of this path requires approval each time, as the end of a sentence; null for a regular file.</returns>
    /// <param name="path">The absolute path.</param>
    /// <param name="below">The workspace folder. Names above it are ignored, because the agent does not choose them.</param>
    /// <param name="ordinary">Patterns that the user treats as regular files. Read only if a guarded file matches.</param>
    public static string? ChangeReason(string path, string? below, Func<IReadOnlyList<string>>? ordinary = null)
    {
        var names = NamesOf(path, below);
        for (var i = 0; i < names.Count; i++)
        {
            if (GuardedFile.MatchesAt(names, i).FirstOrDefault(found => found.IsFixed || !IsOrdinary(found, ordinary)) is { } guarded)
            {
                return guarded.Reason;
            }
            // Only the file system can resolve a short name.
            if (
                names[i] is { Length: > 2 } name
                && name.IndexOf('~', StringComparison.Ordinal) is > 0 and <= 6 and var tilde
                && tilde + 1 < name.Length
                && char.IsAsciiDigit(name[tilde + 1])
            )
            {
                return "it is a short file name that can refer to another file";
            }
        }

        return null;
    }

    /// <returns>Why this path is not read for a model, as the end of a sentence that starts with its name; null for a regular file.</returns>
    /// <inheritdoc cref="ChangeReason"/>
    public static string? ReadReason(string path, string? below)
    {
        if (NamesOf(path, below) is not [.., var name])
        {
            return null;
        }

        var isEnvironment =
            name == ".env"
            || name.StartsWith(".env.", StringComparison.Ordinal)
            || name is ".envrc" or ".netrc" or ".npmrc" or ".pypirc" or ".git-credentials";
        return
            (isEnvironment && !EndsOfExamples.Any(end => name.EndsWith(end, StringComparison.Ordinal)))
            || EndsOfKeys.Any(end => name.EndsWith(end, StringComparison.Ordinal))
            ? "contains keys or credentials and is never sent"
            : null;
    }

    /// <summary>Gets the Git folder that a <c>.git</c> file refers to; null if there is no such file.</summary>
    /// <param name="workspace">The real path of the workspace.</param>
    internal static string? GitFolderOf(string workspace)
    {
        const int Longest = 8 * 1024;
        const string Mark = "gitdir:";
        try
        {
            var text = RegularFile.Read(Path.Combine(workspace, ".git"), Longest) is { } content ? Encoding.UTF8.GetString(content) : "";
            return text.StartsWith(Mark, StringComparison.Ordinal)
                ? RealPath.TargetOf(Path.Combine(workspace, text[Mark.Length..].Trim()))
                : null;
        }
        // .git is a folder or does not exist.
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Gets the real path of the main checkout of a git worktree; null for other folders.</summary>
    internal static string? MainCheckoutOf(string worktree) =>
        GitFolderOf(worktree) is { } own
        && Path.GetDirectoryName(own) is { } all
        && Path.GetFileName(all) == "worktrees"
        && Path.GetDirectoryName(all) is { } repository
        && Path.GetFileName(repository) == ".git"
            ? Path.GetDirectoryName(repository)
            : null;

    private static bool IsOrdinary(GuardedFile file, Func<IReadOnlyList<string>>? ordinary) =>
        ordinary?.Invoke().Any(pattern => pattern.Equals(file.Pattern, StringComparison.OrdinalIgnoreCase)) == true;

    private static List<string> NamesOf(string path, string? below)
    {
        var rest = below is not null && RealPath.IsUnder(below, path) ? path[Math.Min(path.Length, below.Length)..] : path;
        return [.. rest.Split(['/', '\\'], StringSplitOptions.RemoveEmptyEntries).Select(Fold).Where(name => name.Length > 0)];
    }

    /// <summary>Normalizes names that some file systems treat as equal.</summary>
    internal static string Fold(string name)
    {
        var folded = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes())
        {
            // On Windows, a stream of a file belongs to the file.
            if (rune.Value == ':' && folded.Length > 0)
            {
                break;
            }

            folded.Append(
                rune.Value switch
                {
                    >= 0xFF01 and <= 0xFF5E => ((char)(rune.Value - 0xFEE0)).ToString(),
                    0x212A => "k",
                    0x17F => "s",
                    0xDF or 0x1E9E => "ss",
                    0xFB00 => "ff",
                    0xFB01 => "fi",
                    0xFB02 => "fl",
                    0xFB03 => "ffi",
                    0xFB04 => "ffl",
                    0xFB05 or 0xFB06 => "st",
                    0x130 or 0x131 => "i",
                    0x2024 => ".",
                    _ when Rune.GetUnicodeCategory(rune)
                            is UnicodeCategory.Format
                                or UnicodeCategory.NonSpacingMark
                                or UnicodeCategory.EnclosingMark
                                or UnicodeCategory.Control => "",
                    _ => rune.ToString(),
                }
            );
        }

        return folded.ToString().ToLowerInvariant().TrimEnd('.', ' ');
    }
}
