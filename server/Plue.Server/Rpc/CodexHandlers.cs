using System.Collections;
using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Rpc;

/// <summary>codex/* for chats and tasks.</summary>
internal sealed class CodexHandlers(
    RpcServer server,
    Conversations conversations,
    ProviderRegistry providers,
    Attachments attachments,
    InstructionBuilder instructions
)
{
    private const string Chats = "chats";
    private const string Tasks = "tasks";

    private Listed? last; // the last list, which is often requested again

    public void Register()
    {
        server.Map(Methods.CodexList, (parameters, _) => Task.FromResult(List(parameters)), isCached: true);
        server.Map(
            Methods.CodexGet,
            async (parameters, cancellationToken) =>
            {
                var conversation = await conversations.GetAsync(parameters.Uri, cancellationToken);
                conversation.Warm();
                return Get(await conversation.SnapshotAsync(seals: true), parameters.Limit);
            }
        );
        server.Map(
            Methods.CodexCreate,
            async (parameters, cancellationToken) =>
            {
                RefuseWrongCollection(parameters);
                var given = new ChatFields(parameters.Title, null, parameters.ProviderId, parameters.Model);
                var conversation = await conversations.CreateAsync(
                    parameters.TemplateId,
                    given,
                    parameters.Values ?? new Dictionary<string, JsonElement>(),
                    cancellationToken
                );
                return Summary(conversation.Summary);
            }
        );
        server.Map(Methods.CodexUpdate, UpdateAsync);
        server.Map(
            Methods.CodexDelete,
            async (parameters, cancellationToken) =>
            {
                await conversations.DeleteAsync(parameters.Uri, cancellationToken);
                return new Empty();
            }
        );
        server.Map(
            Methods.CodexDiscardEmpty,
            async (parameters, cancellationToken) =>
            {
                await conversations.DiscardEmptyAsync(parameters.Uri, cancellationToken);
                return new Empty();
            }
        );
        server.Map(
            Methods.CodexRestore,
            async (parameters, cancellationToken) => Summary((await conversations.RestoreAsync(parameters.Uri, cancellationToken)).Summary)
        );
        server.Map(
            Methods.CodexFork,
            async (parameters, cancellationToken) =>
                Summary((await conversations.ForkAsync(parameters.Uri, parameters.MessageId, parameters.Title, cancellationToken)).Summary)
        );
        server.Map(
            Methods.CodexUndo,
            (parameters, cancellationToken) => ChangeAsync(parameters.Uri, chat => chat.UndoAsync(cancellationToken), cancellationToken)
        );
        server.Map(
            Methods.CodexRedo,
            (parameters, cancellationToken) => ChangeAsync(parameters.Uri, chat => chat.RedoAsync(cancellationToken), cancellationToken)
        );
        server.Map(
            Methods.CodexSwitchBranch,
            (parameters, cancellationToken) =>
                ChangeAsync(parameters.Uri, chat => chat.SwitchAsync(parameters.MessageId, cancellationToken), cancellationToken)
        );
        server.Map(
            Methods.CodexChangeTemplate,
            (parameters, cancellationToken) =>
                ChangeAsync(
                    parameters.Uri,
                    chat =>
                        chat.ChangeTemplateAsync(
                            parameters.TemplateId,
                            parameters.Title,
                            parameters.Values ?? new Dictionary<string, JsonElement>(),
                            cancellationToken
                        ),
                    cancellationToken
                )
        );
        server.Map(
            Methods.CodexMarkRead,
            async (parameters, cancellationToken) =>
            {
                await (await conversations.GetAsync(parameters.Uri, cancellationToken)).MarkReadAsync(cancellationToken);
                return new Empty();
            }
        );
        server.Map(
            Methods.CodexHistory,
            async (parameters, cancellationToken) =>
                new CodexHistoryResult([
                    .. (await conversations.HistoryAsync(parameters.Uri, cancellationToken)).Select(
                        (change, index) =>
                            new CodexVersionView(change.Version, change.Time, change.Author, change.Summary, null, index == 0)
                    ),
                ])
        );
    }

    private CodexListResult List(CodexListParams parameters)
    {
        var kind = parameters.Collection switch
        {
            Chats => ChannelKind.Chat,
            Tasks => ChannelKind.Task,
            _ => throw new FailureException(FailureKind.NotFound, $"There is no collection {parameters.Collection}."),
        };

        var query = ChatRows.QueryOf(parameters);
        // A filter on archived includes archived chats.
        var includeArchived = parameters.IncludeArchived ?? query.Conditions.Any(condition => condition.Field == "archived");
        var chats =
            parameters.Deleted == true ? conversations.ListDeleted(kind)
            : kind == ChannelKind.Task ? conversations.ListTasks(includeArchived)
            : conversations.List(includeArchived);
        var (page, total) = ChatRows.Query(parameters.TemplateId is { } template ? OfTemplate(chats, template) : chats, query);
        if (last is { } same && same.Result.Total == total && same.Page.SequenceEqual(page))
        {
            return same.Result;
        }

        last = new Listed(page, new CodexListResult(new Rows(page), total));
        return last.Result;
    }

    private sealed record Listed(IReadOnlyList<ChatSummary> Page, CodexListResult Result);

    /// <summary>Creates rows while they are written, because ten thousand at once need more memory than the rest of a list.</summary>
    private sealed class Rows(IReadOnlyList<ChatSummary> chats) : IReadOnlyList<CodexSummary>
    {
        public int Count => chats.Count;

        public CodexSummary this[int index] => Summary(chats[index]);

        public IEnumerator<CodexSummary> GetEnumerator() => chats.Select(Summary).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    /// <summary>Looks up each template once: ten thousand chats have few templates, and each lookup reads the disk.</summary>
    private List<ChatSummary> OfTemplate(IReadOnlyList<ChatSummary> chats, string template)
    {
        var those = chats
            .Select(chat => chat.TemplateId)
            .Distinct(StringComparer.Ordinal)
            .Where(id => conversations.IsTemplate(id, template))
            .ToHashSet(StringComparer.Ordinal);
        return [.. chats.Where(chat => those.Contains(chat.TemplateId))];
    }

    private async Task<CodexSummary> UpdateAsync(CodexUpdateParams parameters, CancellationToken cancellationToken)
    {
        var conversation = await conversations.GetAsync(parameters.Uri, cancellationToken);
        var messages = CodexUpdateReader.Messages(parameters);
        await conversation.UpdateAsync(
            chat => CodexUpdateReader.Fields(parameters, chat, conversations.TemplateOf(chat.TemplateId)),
            parameters.ExpectedVersion,
            cancellationToken
        );
        for (var i = 0; i < messages.Count; i++)
        {
            await conversation.SendAsync(messages[i] with { WantsResponse = i == messages.Count - 1 }, mayWait: false, cancellationToken);
        }

        conversation.Warm();
        return Summary(conversation.Summary);
    }

    private async Task<CodexSummary> ChangeAsync(string uri, Func<Conversation, Task> change, CancellationToken cancellationToken)
    {
        var conversation = await conversations.GetAsync(uri, cancellationToken);
        await change(conversation);
        return Summary(conversation.Summary);
    }

    public static CodexSummary Summary(ChatSummary summary) =>
        new()
        {
            Uri = CodexUri.OfChannel(summary.Id).ToString(),
            TemplateId = summary.TemplateId,
            Title = summary.Title,
            Status = (CodexStatus)summary.Status,
            CreatedAt = summary.CreatedAt,
            UpdatedAt = summary.UpdatedAt,
            MessageCount = summary.MessageCount,
            Cost = summary.TotalCost is > 0 ? summary.TotalCost : null,
            Archived = summary.Archived,
            ProviderId = summary.ProviderId,
            Model = summary.Model,
            Fallbacks = [.. summary.Fallbacks.Select(ToProtocol.Choice)],
            Options = ToProtocol.Options(summary.Options),
            Tags = summary.Tags,
            Pinned = summary.Pinned,
            Unread = summary.Unread,
            Version = summary.Version,
            TaskStatus = summary.TaskStatus,
            SpawnedBy = summary.SpawnedBy,
        };

    /// <summary>Does not report a missing template; the caller does.</summary>
    private void RefuseWrongCollection(CodexCreateParams parameters)
    {
        if (conversations.TemplateOf(parameters.TemplateId)?.Collection is not { } collection)
        {
            return;
        }
        if (parameters.Collection is { } asked ? asked != collection.Name() : collection == TemplateCollection.Providers)
        {
            throw new FailureException(
                FailureKind.MissingField,
                $"Codices of the template {parameters.TemplateId} are kept in {collection.Name()}."
            );
        }
    }

    private CodexGetResult Get(ConversationSnapshot snapshot, int? limit)
    {
        var offset = limit is { } most ? Math.Max(0, snapshot.Messages.Count - most) : 0;
        return new()
        {
            Codex = Summary(snapshot.Summary),
            Messages =
            [
                .. snapshot
                    .Messages.Skip(offset)
                    .Select(message =>
                        ToProtocol.Message(message, providers.NameOf, snapshot.AlternativesOf(message), attachments.HasChanged)
                    ),
            ],
            Offset = offset,
            Queue = [.. snapshot.Chat.Queue.Select(ToProtocol.Queued)],
            CanUndo = snapshot.Chat.Tree.UndoTarget is not null,
            CanRedo = snapshot.Chat.Tree.RedoTarget is not null,
            ContextFiles = [.. snapshot.Chat.ContextFiles.Select(path => AttachmentHandlers.View(attachments.InspectPinned(path)))],
            TurnId = snapshot.TurnId,
            LastSeq = snapshot.LastSeq,
            ReadOnlyReason = snapshot.ReadOnlyReason,
            Notice = snapshot.Chat.Notice,
            Instructions = InstructionHandlers.View(snapshot.Chat, providers, instructions).Sources,
            Values = snapshot.Chat.Values,
            HookFailures = snapshot.Chat.HookFailures is { Count: > 0 } failures ? [.. failures.Select(ToProtocol.HookFailure)] : null,
        };
    }
}
