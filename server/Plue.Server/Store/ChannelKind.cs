using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>The kind of a journal. The id contains it: <c>chat_</c> or <c>task_</c> and 32 lower-case hex digits, so that an id is never a path.</summary>
public sealed record ChannelKind
{
    public static readonly ChannelKind Chat = new("chat", paths => paths.Chats);
    public static readonly ChannelKind Task = new("task", paths => paths.Tasks);
    public static readonly IReadOnlyList<ChannelKind> All = [Chat, Task];

    private readonly Func<PluePaths, string> folder;

    private ChannelKind(string name, Func<PluePaths, string> folder) => (Name, this.folder) = (name, folder);

    public string Name { get; }

    /// <summary>The prefix of ids and file names.</summary>
    public string Prefix => Name + "_";

    public string FolderIn(PluePaths paths) => folder(paths);

    /// <summary>Null if it is not an id.</summary>
    public static ChannelKind? Of(string id) => All.FirstOrDefault(kind => kind.IsIdOfKind(id));

    public bool IsIdOfKind(string id) =>
        id.Length == Prefix.Length + 32
        && id.StartsWith(Prefix, StringComparison.Ordinal)
        && id.AsSpan(Prefix.Length).IndexOfAnyExcept("0123456789abcdef") < 0;
}
