using System.Globalization;
using Plue.Server.Platform;

namespace Plue.Server.Audit;

/// <param name="Lines">The number of valid lines before the first invalid one.</param>
/// <param name="Sha256">The hash of the last valid line.</param>
/// <param name="BadLine">The number of the first line that was changed; null if there is none.</param>
/// <param name="Problem">A sentence; null if the file is complete and unchanged.</param>
internal sealed record AuditVerdict(long Lines, string Sha256, long? BadLine, string? Problem);

/// <summary>Checks an audit export line by line. Memory is bounded by the longest line.</summary>
internal static class AuditVerifier
{
    private const int FirstBuffer = 64 * 1024;

    /// <param name="expected">The hash of the last line as reported by the export; null if unknown.</param>
    /// <exception cref="IOException">The file cannot be read; also UnauthorizedAccessException.</exception>
    public static AuditVerdict Verify(string path, string? expected, CancellationToken cancellationToken)
    {
        using var stream = RegularFile.OpenRead(path);
        var (lines, previous, isEnded) = (0L, AuditLine.NoPrevious, false);
        AuditVerdict Bad(string problem) =>
            new(lines, previous, lines + 1, string.Create(CultureInfo.InvariantCulture, $"Line {lines + 1} {problem}"));

        var buffer = new byte[FirstBuffer];
        for (int filled = 0, searched = 0; ; )
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = stream.Read(buffer, filled, buffer.Length - filled);
            filled += read;
            var start = 0;
            while (true)
            {
                var found = buffer.AsSpan(searched, filled - searched).IndexOf((byte)'\n');
                // The last line may have no line feed.
                if (found < 0 && (read > 0 || start == filled))
                {
                    break;
                }

                var end = found < 0 ? filled : searched + found;
                var line = AuditLine.TryParse(buffer.AsSpan(start, end - start));
                if (isEnded)
                {
                    return Bad("follows the last line, so it was added.");
                }
                if (line is null)
                {
                    return Bad("was changed or cut: its content does not match its hash.");
                }
                if (line.Seq != lines + 1 || line.Previous != previous)
                {
                    return Bad("does not follow the line before: lines were removed, added or moved.");
                }

                (lines, previous, isEnded) = (line.Seq, line.Sha256, line.Type == AuditExport.EndType);
                start = searched = Math.Min(end + 1, filled);
            }

            if (read == 0)
            {
                break;
            }

            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            searched = filled -= start;
            if (filled == buffer.Length)
            {
                if (filled > AuditExport.MaxLineBytes)
                {
                    return Bad("is longer than any line that Plue writes.");
                }
                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }

        if (!isEnded)
        {
            return Bad("is missing: the end of the file was cut.");
        }

        return expected is not null && !expected.Equals(previous, StringComparison.OrdinalIgnoreCase)
            ? new AuditVerdict(
                lines,
                previous,
                null,
                "The file is complete, but it is not the expected one: the hash of its last line differs."
            )
            : new AuditVerdict(lines, previous, null, null);
    }
}
