using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Plue.Server.Reviews;

/// <summary>Reads the output of <c>git diff</c>. Lines are counted by the headers, so that no line of a file can look like a header.</summary>
internal static partial class DiffReader
{
    private const string FileHeader = "diff --git ";
    private const string Nothing = "/dev/null";

    public static IReadOnlyList<ChangedFile> Read(string diff)
    {
        List<ChangedFile> files = [];
        var lines = diff.Split('\n');
        for (var at = 0; at < lines.Length; )
        {
            if (lines[at].StartsWith(FileHeader, StringComparison.Ordinal))
            {
                files.Add(ReadFile(lines, ref at));
            }
            else
            {
                at++;
            }
        }

        return files;
    }

    private static ChangedFile ReadFile(string[] lines, ref int at)
    {
        var path = SamePath(lines[at][FileHeader.Length..]);
        List<IReadOnlyList<DiffLine>> hunks = [];
        var (isDeleted, isBinary) = (false, false);
        for (at++; at < lines.Length && !lines[at].StartsWith(FileHeader, StringComparison.Ordinal); )
        {
            var line = lines[at].TrimEnd('\r');
            if (line.StartsWith("@@ ", StringComparison.Ordinal) && HunkHeader().Match(line) is { Success: true } header)
            {
                at++;
                hunks.Add(ReadHunk(lines, ref at, header));
                continue;
            }

            isDeleted |= line.StartsWith("deleted file mode ", StringComparison.Ordinal);
            isBinary |= line.StartsWith("Binary files ", StringComparison.Ordinal) || line == "GIT binary patch";
            path =
                PathAfter(line, "+++ ") is { } added && added != Nothing ? WithoutPrefix(added)
                : PathAfter(line, "--- ") is { } removed && removed != Nothing && path is null ? WithoutPrefix(removed)
                : PathAfter(line, "rename to ") ?? path;
            at++;
        }

        return new ChangedFile(path ?? "", isDeleted || isBinary ? [] : hunks) { IsDeleted = isDeleted, IsBinary = isBinary };
    }

    private static List<DiffLine> ReadHunk(string[] lines, ref int at, Match header)
    {
        var (old, @new) = (Count(header.Groups["old"]), Count(header.Groups["new"]));
        var number = int.Parse(header.Groups["start"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
        List<DiffLine> hunk = [];
        for (; at < lines.Length && (old > 0 || @new > 0 || lines[at].StartsWith('\\')); at++)
        {
            var line = lines[at];
            var sign = line.Length > 0 ? line[0] : ' ';
            var text = line.Length > 0 ? line[1..].TrimEnd('\r') : "";
            switch (sign)
            {
                case '+':
                    hunk.Add(new DiffLine('+', number++, text));
                    @new--;
                    break;
                case '-':
                    hunk.Add(new DiffLine('-', 0, text));
                    old--;
                    break;
                case ' ' or '\r':
                    hunk.Add(new DiffLine(' ', number++, text));
                    (old, @new) = (old - 1, @new - 1);
                    break;
                case '\\':
                    break;
                default:
                    return hunk;
            }
        }

        return hunk;
    }

    private static int Count(Group group) =>
        group.Success && int.TryParse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 1;

    private static string? PathAfter(string line, string mark) =>
        line.StartsWith(mark, StringComparison.Ordinal) ? Unquoted(line[mark.Length..].TrimEnd('\t')) : null;

    private static string WithoutPrefix(string path) => path.Length > 2 && path[1] == '/' ? path[2..] : path;

    /// <summary>Gets the path of a header without a rename, which names it twice; null if it is not clear.</summary>
    private static string? SamePath(string names)
    {
        names = names.TrimEnd('\r');
        var half = (names.Length - 1) / 2;
        return
            names.Length % 2 == 1
            && names[half] == ' '
            && WithoutPrefix(Unquoted(names[..half])) is var path
            && path == WithoutPrefix(Unquoted(names[(half + 1)..]))
            ? path
            : null;
    }

    /// <summary>Decodes a path that git quoted as in C.</summary>
    private static string Unquoted(string path)
    {
        if (path.Length < 2 || path[0] != '"' || path[^1] != '"')
        {
            return path;
        }

        using var bytes = new MemoryStream();
        var quoted = path[1..^1];
        for (var at = 0; at < quoted.Length; at++)
        {
            if (quoted[at] != '\\' || at + 1 >= quoted.Length)
            {
                bytes.Write(Encoding.UTF8.GetBytes(quoted, at, char.IsHighSurrogate(quoted[at]) && at + 1 < quoted.Length ? 2 : 1));
                at += char.IsHighSurrogate(quoted[at]) ? 1 : 0;
                continue;
            }

            var escaped = quoted[++at];
            if (escaped is >= '0' and <= '3' && at + 2 < quoted.Length)
            {
                bytes.WriteByte((byte)(((escaped - '0') * 64) + ((quoted[at + 1] - '0') * 8) + (quoted[at + 2] - '0')));
                at += 2;
                continue;
            }

            bytes.WriteByte(
                (byte)(
                    escaped switch
                    {
                        'a' => '\a',
                        'b' => '\b',
                        'f' => '\f',
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'v' => '\v',
                        _ => escaped,
                    }
                )
            );
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    [GeneratedRegex(@"^@@ -\d+(,(?<old>\d+))? \+(?<start>\d+)(,(?<new>\d+))? @@", RegexOptions.ExplicitCapture)]
    private static partial Regex HunkHeader();
}
