using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Plue.Server.Platform;

namespace Plue.Server.Providers.Programs;

/// <param name="Fingerprint">Of the history that the session holds.</param>
internal sealed record ProgramSession(string Id, string Directory, string Fingerprint);

/// <summary>
/// Which of a program's sessions holds which chat, one small file each, so that a chat goes on in its session after a restart. A file
/// that is missing or wrong costs nothing but sending the program the history again.
/// </summary>
/// <param name="folder">The name of the folder of these files.</param>
internal sealed partial class ProgramSessions(PluePaths paths, string folder, ILogger logger)
{
    /// <summary>Where the program runs when there is no trusted folder: empty and ours.</summary>
    public string EmptyDirectory => Path.Combine(paths.Index, folder, "empty");

    /// <summary>A session stays usable only from the folder in which it began.</summary>
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
        { /* Nothing was remembered yet. */
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

    /// <summary>It may become an argument of the program, so it does not look like an option.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.:\-]{0,199}$")]
    private static partial Regex Id();

    [GeneratedRegex("^[A-Za-z0-9_-]{1,100}$")]
    private static partial Regex Simple();
}
