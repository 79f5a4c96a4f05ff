using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Plue.Server.Platform;

namespace Plue.Server.Providers.ClaudeCode;

/// <param name="Fingerprint">Of the history that the session holds.</param>
internal sealed record ClaudeCodeSession(string Id, string Directory, string Fingerprint);

/// <summary>
/// Which of the CLI's sessions holds which chat, one small file each, so that a chat goes on in its session after a restart. A file
/// that is missing or wrong costs nothing but telling the CLI the history again.
/// </summary>
internal sealed partial class ClaudeCodeSessions(PluePaths paths, ILogger logger)
{
    /// <summary>Where the CLI runs when there is no trusted folder: empty and ours.</summary>
    public string EmptyDirectory => Path.Combine(paths.Index, "claude-code", "empty");

    /// <summary>A session stays usable only from the folder in which it began.</summary>
    public ClaudeCodeSession? Find(string codexId, string directory)
    {
        try
        {
            using var document = JsonDocument.Parse(RegularFile.Read(PathOf(codexId)));
            var root = document.RootElement;
            var session = new ClaudeCodeSession(
                root.GetProperty("session").GetString() ?? "",
                root.GetProperty("directory").GetString() ?? "",
                root.GetProperty("history").GetString() ?? ""
            );
            return session.Directory == directory && Guid.TryParseExact(session.Id, "D", out _) ? session : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            logger.LogDebug("The note about the Claude Code session of {CodexId} cannot be used: {Error}", codexId, e.Message);
            return null;
        }
    }

    public void Remember(string codexId, ClaudeCodeSession session)
    {
        using var content = new MemoryStream();
        using (var writer = new Utf8JsonWriter(content))
        {
            writer.WriteStartObject();
            writer.WriteString("session", session.Id);
            writer.WriteString("directory", session.Directory);
            writer.WriteString("history", session.Fingerprint);
            writer.WriteEndObject();
        }

        Change(codexId, path => DurableFile.Replace(path, content.ToArray()));
    }

    /// <summary>Clears the fingerprint during a turn, when the session's history is not known.</summary>
    public void Forget(string codexId) => Change(codexId, File.Delete);

    private void Change(string codexId, Action<string> change)
    {
        try
        {
            change(PathOf(codexId));
        }
        catch (DirectoryNotFoundException)
        { /* Nothing was remembered yet. */
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning(
                "The Claude Code session of {CodexId} cannot be noted, so after a restart its history is sent again: {Error}",
                codexId,
                e.Message
            );
        }
    }

    private string PathOf(string codexId) =>
        Path.Combine(
            paths.Index,
            "claude-code",
            $"{(Simple().IsMatch(codexId) ? codexId : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(codexId))))}.json"
        );

    [GeneratedRegex("^[A-Za-z0-9_-]{1,100}$")]
    private static partial Regex Simple();
}
