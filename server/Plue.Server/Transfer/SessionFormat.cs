using System.Text.Json;

namespace Plue.Server.Transfer;

public enum SessionFormat
{
    Plue,
    ClaudeCode,
    Codex,
}

/// <summary>Detects the format of a session file from its beginning.</summary>
internal static class SessionFormats
{
    private const int BeginningBytes = 256 * 1024;
    private const int MaxProbedLines = 20;

    /// <returns>Null when it is none of them.</returns>
    public static SessionFormat? Of(Stream stream)
    {
        var beginning = new byte[BeginningBytes];
        var read = stream.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false);
        if (IsPlue(beginning.AsSpan(0, Math.Min(read, 4096))))
        {
            return SessionFormat.Plue;
        }

        using var lines = new MemoryStream(beginning, 0, read, writable: false);
        return SessionLines.Read(lines, new OmittedContent()).Take(MaxProbedLines).Select(Of).FirstOrDefault(format => format is not null);
    }

    private static bool IsPlue(ReadOnlySpan<byte> beginning) =>
        beginning.TrimStart(" \t\r\n"u8).StartsWith("{"u8) && beginning.IndexOf("\"plue-chat\""u8) >= 0;

    private static SessionFormat? Of(JsonElement line) =>
        line switch
        {
            _ when line.Get("payload") is not null
                    && line.Text("type") is "session_meta" or "response_item" or "event_msg" or "turn_context" or "compacted" =>
                SessionFormat.Codex,
            _ when line.Text("sessionId") is not null || line.Text("leafUuid") is not null => SessionFormat.ClaudeCode,
            _ when line.Text("uuid") is not null && line.Text("type") is "user" or "assistant" or "system" => SessionFormat.ClaudeCode,
            _ when line.Text("type") is null
                    && line.Text("id") is not null
                    && line.Text("timestamp") is not null
                    && line.TryGetProperty("instructions", out _) => SessionFormat.Codex,
            _ => null,
        };
}
