using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>The chats that were last used in each workspace folder, by all windows and terminals of this home. Without it, only "continue the last chat" is lost.</summary>
internal sealed class ChatFolders(PluePaths paths, ILogger logger)
{
    private const int MaxFolders = 200;
    private const int MaxChats = 20;

    private readonly SharedJsonFile<StoredChatFolders> file = new(
        Path.Combine(paths.Index, "chat-folders.json"),
        ChatFoldersContext.Default.StoredChatFolders,
        new StoredChatFolders([]),
        "The last chat of the folder"
    );

    private (string Folder, string Id) last;

    /// <summary>Gets the IDs of the chats of a folder, last used first. Some may no longer exist.</summary>
    public IReadOnlyList<string> ChatsOf(string folder) => Find(file.Read(), RealPath.Of(folder))?.Chats ?? [];

    /// <summary>Records that a message was sent in a folder. Never fails.</summary>
    public void Record(string folder, string id)
    {
        if (last == (folder, id))
        {
            return;
        }

        var real = RealPath.Of(folder);
        try
        {
            if (Find(file.Read(), real)?.Chats.FirstOrDefault() != id)
            {
                file.Change(stored => With(stored, real, id));
            }
            last = (folder, id);
        }
        catch (FailureException fault)
        {
            logger.LogDebug("{Reason}", fault.Message);
        }
    }

    private static StoredChatFolders With(StoredChatFolders stored, string folder, string id) =>
        new([
            new StoredChatFolder(folder, [.. (Find(stored, folder)?.Chats ?? []).Where(other => other != id).Prepend(id).Take(MaxChats)]),
            .. stored.Folders.Where(other => other.Folder != folder).Take(MaxFolders - 1),
        ]);

    private static StoredChatFolder? Find(StoredChatFolders stored, string folder) =>
        stored.Folders.FirstOrDefault(one => one.Folder == folder);
}

internal sealed record StoredChatFolders(IReadOnlyList<StoredChatFolder> Folders);

internal sealed record StoredChatFolder(string Folder, IReadOnlyList<string> Chats);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(StoredChatFolders))]
internal sealed partial class ChatFoldersContext : JsonSerializerContext;
