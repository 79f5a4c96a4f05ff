using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Plue.Server.Platform;

namespace Plue.Server.Providers.Programs;

/// <param name="Fingerprint">The fingerprint of the history in the session.</param>
internal sealed record ProgramSession(string Id, string Directory, string Fingerprint);

/// <summary>
/// Maps chats to the sessions of a program, in one small file per chat, so that a chat continues in its session after a restart. If a file is missing or
/// invalid, the history is sent again.
/// </summary>
/// <param name="folder">The name of the folder with the files.</param>
internal sealed partial class ProgramSessions(PluePaths paths, string folder, ILogger logger)
{
    /// <summary>The working directory if there is no trusted folder: an empty folder of Plue.</summary>
    public string EmptyDirectory => Path.Combine(paths.Index, folder, "empty");

    /// <summary>Returns the session of a chat; null if it started in another folder.</summary>
    public ProgramSession? Find(string codexId, string directory)
    {
        try
        {
            using var document = JsonDocument.Parse(RegularFile.Read(PathOf(codexId)));
            var root = document.RootElement;
            var session = new ProgramSession(
                root.GetProperty("session").GetString() ?? "",
                root.GetProperty("directory").GetString() ?? "",
                root.GetProperty("history").GetString() ?? ""
            );
            return session.Directory == directory && Id().IsMatch(session.Id) ? session : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            logger.LogDebug("The note about the {Program} session of {CodexId} cannot be used: {Error}", folder, codexId, e.Message);
            return null;
        }
    }

    public void Remember(string codexId, ProgramSession session)
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
        { /* There are no session files yet. */
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning(
                "The {Program} session of {CodexId} cannot be noted, so after a restart its history is sent again: {Error}",
                folder,
                codexId,
                e.Message
            );
        }
    }

    private string PathOf(string codexId) =>
        Path.Combine(
            paths.Index,
            folder,
            $"{(Simple().IsMatch(codexId) ? codexId : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(codexId))))}.json"
        );

    /// <summary>Excludes ids that look like options, because an id may become an argument of the program.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.:\-]{0,199}$")]
    private static partial Regex Id();

    [GeneratedRegex("^[A-Za-z0-9_-]{1,100}$")]
    private static partial Regex Simple();
}
