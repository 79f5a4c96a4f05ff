using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

internal sealed class ConversationHooks : IHookTarget
{
    private readonly ChatState state;
    private readonly MessageTree? ended;
    private readonly Func<int, CancellationToken, Task<string?>> answer;

    /// <param name="answer">See <see cref="IHookTarget.SendToLlmAsync"/>.</param>
    public ConversationHooks(ChatState state, Func<int, CancellationToken, Task<string?>> answer)
    {
        (this.state, this.answer) = (state, answer);
        Template = state.Template;
    }

    /// <param name="whyNoResponse">Why no response is requested.</param>
    /// <param name="ended">The messages that the hooks see; null for the displayed ones.</param>
    public ConversationHooks(ChatState state, string whyNoResponse, MessageTree? ended = null)
        : this(state, (_, _) => Task.FromResult<string?>(whyNoResponse)) => this.ended = ended;

    public string Uri => state.CodexId;

    public Template? Template { get; }

    private StoredChat Chat => ended is null ? state.Now : state.Now with { Tree = ended };

    public Json5Object Values() => Template is null ? Json5Object.Empty : ChannelFields.Values(Chat, Template);

    public async Task<IReadOnlyList<HookChange>> SetFieldAsync(string field, Json5Node value, CancellationToken cancellationToken)
    {
        var before = Chat;
        var json = Json5Conversion.Of(value);
        var fields = ChannelFields.Set(ChatFields.None with { By = ChangedBy.Hook }, field, json, before, Template);
        ChannelFields.Check(fields, new Dictionary<string, JsonElement> { [field] = json }, Template);
        var was = ChannelFields.Values(before, Template!).Find(field);
        if (was is null ? value is Json5Null : was.HasSameValueAs(value))
        {
            return [];
        }

        await state.UpdateAsync(fields, cancellationToken);
        return HookChange.Of(field);
    }

    public Task<string?> SendToLlmAsync(int depth, CancellationToken cancellationToken) => answer(depth, cancellationToken);

    public async Task NoteAsync(HookNote note, CancellationToken cancellationToken)
    {
        await state
            .Writer()
            .RecordHookAsync(
                note.Change.TriggerName,
                note.Change.Field,
                note.Action.Name,
                note.Outcome,
                note.Error,
                note.Depth,
                cancellationToken
            );
        if (note.Error is not null)
        {
            state.NotifyChanged();
        }
    }
}
