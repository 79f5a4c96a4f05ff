using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>A chat or task as its hooks see it.</summary>
/// <param name="chat">As it is now.</param>
/// <param name="update">Stores fields and tells of them.</param>
/// <param name="note">Keeps what a hook did.</param>
/// <param name="answer">Answers what was said last; see <see cref="IHookTarget.SendToLlmAsync"/>.</param>
internal sealed class ConversationHooks(
    string uri, Template? template, Func<StoredChat> chat, Func<ChatFields, CancellationToken, Task> update, Func<HookNote, CancellationToken, Task> note,
    Func<int, CancellationToken, Task<string?>> answer) : IHookTarget
{
    public string Uri => uri;

    public Template? Template => template;

    public Json5Object Values() => template is null ? Json5Object.Empty : ChannelFields.Values(chat(), template);

    public async Task<IReadOnlyList<HookChange>> SetFieldAsync(string field, Json5Node value, CancellationToken cancellationToken)
    {
        var before = chat();
        var json = JsonValue.Of(value);
        var fields = ChannelFields.Set(ChatFields.None with { By = ChangedBy.Hook }, field, json, before, template);
        ChannelFields.Check(fields, new Dictionary<string, JsonElement> { [field] = json }, template);
        var was = ChannelFields.Values(before, template!).Find(field);
        if (was is null ? value is Json5Null : was.HasSameValueAs(value)) { return []; }

        await update(fields, cancellationToken);
        return HookChange.Of(field);
    }

    public Task<string?> SendToLlmAsync(int depth, CancellationToken cancellationToken) => answer(depth, cancellationToken);

    public Task NoteAsync(HookNote said, CancellationToken cancellationToken) => note(said, cancellationToken);
}
