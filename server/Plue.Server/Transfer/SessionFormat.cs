using System.Text.Json;

namespace Plue.Server.Transfer;

public enum SessionFormat
{
    Plue,
    ClaudeCode,
    Codex,
    GeminiCli,
    OpenCode,
    VsCode,
    Cline,
    RooCode,
    KiloCode,
    Continue,
}

/// <summary>Detects the format of a session file from its start; for Cline and its forks, from the file name.</summary>
internal static class SessionFormats
{
    public const string TaskFile = "api_conversation_history.json";
    public const string OpenCodeFile = "opencode.db";
    private const int BeginningBytes = 256 * 1024;
    private const int MaxProbedLines = 20;

    /// <returns>Null if the format is unknown.</returns>
    public static SessionFormat? Of(string path, Stream stream)
    {
        var beginning = new byte[BeginningBytes];
        var read = stream.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false);
        if (IsPlue(beginning.AsSpan(0, Math.Min(read, 4096))))
        {
            return SessionFormat.Plue;
        }
        if (SqliteFile.IsDatabase(beginning))
        {
            return SessionFormat.OpenCode;
        }
        if (Path.GetFileName(path) == TaskFile)
        {
            return path.Contains("kilo", StringComparison.OrdinalIgnoreCase) ? SessionFormat.KiloCode
                : path.Contains("roo-cline", StringComparison.OrdinalIgnoreCase) ? SessionFormat.RooCode
                : SessionFormat.Cline;
        }
        if (OfNames(SessionDocument.NamesIn(beginning.AsSpan(0, read))) is { } known)
        {
            return known;
        }

        using var lines = new MemoryStream(beginning, 0, read, writable: false);
        return SessionLines.Read(lines, new OmittedContent()).Take(MaxProbedLines).Select(Of).FirstOrDefault(format => format is not null);
    }

    private static bool IsPlue(ReadOnlySpan<byte> beginning) =>
        beginning.TrimStart(" \t\r\n"u8).StartsWith("{"u8) && beginning.IndexOf("\"plue-chat\""u8) >= 0;

    private static SessionFormat? OfNames(HashSet<string> names) =>
        names.Contains("projectHash") && names.Contains("sessionId") ? SessionFormat.GeminiCli
        : names.Contains("requests") && (names.Contains("version") || names.Contains("responderUsername")) ? SessionFormat.VsCode
        : names.Contains("kind") && names.Contains("v") ? SessionFormat.VsCode
        : names.Contains("history") && names.Contains("sessionId") ? SessionFormat.Continue
        : null;

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
