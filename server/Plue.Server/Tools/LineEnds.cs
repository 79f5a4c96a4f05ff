namespace Plue.Server.Tools;

internal static class LineEnds
{
    /// <summary>True if most lines end with CRLF.</summary>
    public static bool IsWindows(string text)
    {
        var (all, windows) = (0, 0);
        for (var at = text.IndexOf('\n'); at >= 0; at = text.IndexOf('\n', at + 1))
        {
            all++;
            if (at > 0 && text[at - 1] == '\r')
            {
                windows++;
            }
        }

        return windows * 2 > all;
    }

    public static string ToUnix(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal);

    public static string ToWindows(string text) => ToUnix(text).Replace("\n", "\r\n", StringComparison.Ordinal);
}
