using System.Globalization;
using Microsoft.Extensions.Logging;
using Plue.Server.Chat;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Tools;

namespace Plue.Server.Agents;

/// <summary>The subtasks of each task or chat: their states, the results that their parent has not received, and messages between them.</summary>
internal sealed class ChildTasks(AgentServices services, AgentTasks tasks) : IChildTasks
{
    /// <summary>The parent as the recipient of a message.</summary>
    private const string Parent = "parent";

    /// <inheritdoc/>
    public async Task<string> StatusAsync(
        string parentId,
        string toolUseId,
        IReadOnlyList<string> uris,
        CancellationToken cancellationToken
    )
    {
        var wanted = uris.Count > 0 ? Own(parentId, uris) : tasks.Reader.Tree.ChildrenOf(parentId);
        var rows = tasks.Reader.RowsWithAbove(wanted);
        // The user can add subtasks, too.
        var shown = wanted.Where(uri => rows.TryGetValue(uri, out var row) && (uris.Count > 0 || row.ToolUseId is not null)).ToList();
        await MarkAsync(shown.Where(uri => ResultOf(uri) is not null), toolUseId);
        return ToJson(("subtasks", Json5Array.Of(shown.Select(uri => State(rows[uri], ResultOf(uri))))));
    }

    /// <inheritdoc/>
    public async Task<string> WaitAsync(ChildWait request, IToolProgress progress, CancellationToken cancellationToken)
    {
        var parent = await services.Conversations.GetAsync(request.ParentId, cancellationToken);
        var uris = request.Tasks.Count > 0 ? Own(request.ParentId, request.Tasks) : tasks.Reader.Unread(parent.Stored);
        if (uris.Count == 0)
        {
            throw new ToolFailureException(
                "There is nothing to wait for: you started no subtask with `wait: false`, or you have all results already."
            );
        }

        using var timer = new CancellationTokenSource(request.Timeout ?? Timeout.InfiniteTimeSpan, services.Time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        var isInTime = await tasks.Spawner.WhileWaitingAsync(
            request.ParentId,
            parent,
            async () =>
            {
                try
                {
                    await EndsAsync(uris, request.IsForAny, progress, limit.Token);
                    return true;
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    return false;
                }
            },
            cancellationToken
        );
        List<(string Uri, TaskResult Result)> ended = [];
        foreach (var uri in uris)
        {
            if (ResultOf(uri) is { } result)
            {
                ended.Add((uri, result));
            }
        }

        await MarkAsync(ended.Select(one => one.Uri), request.ToolUseId);
        var rows = tasks.Reader.RowsWithAbove(uris);
        var open = uris.Except(ended.Select(one => one.Uri), StringComparer.Ordinal).Where(rows.ContainsKey).ToList();
        List<(string, Json5Node)> fields = [("results", Json5Array.Of(ended.Select(one => one.Result.ToJson5())))];
        if (open.Count > 0)
        {
            fields.Add(("not_ended", Json5Array.Of(open.Select(uri => State(rows[uri], null)))));
        }
        if (!isInTime)
        {
            fields.Add(("timed_out", new Json5Boolean(true)));
        }
        return ToJson([.. fields]);
    }

    /// <inheritdoc/>
    public async Task<string> SendAsync(string fromId, string to, string text, CancellationToken cancellationToken)
    {
        var from = tasks.Reader.Read(fromId);
        var tree = tasks.Reader.Tree;
        var parent = from.Text(TaskFields.Call) is null ? null : tree.ParentOf(fromId);
        var uri = to == Parent ? parent : to;
        if (uri is null || (uri != parent && !tree.Under(fromId).Contains(uri)))
        {
            throw new ToolFailureException(
                to == Parent
                    ? "No agent started you, so there is no parent to send a message to."
                    : $"{HiddenCharacters.VisibleLine(to)} is neither your subtask nor your parent, so nothing was sent."
            );
        }

        var target = Find(uri) ?? throw new ToolFailureException($"{uri} was deleted, so nothing was sent.");
        var quoted = string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Select(line => $"> {line}"));
        var conversation = await services.Conversations.GetAsync(uri, cancellationToken);
        var isWaiting = tasks.Reader.IsWaitingForChild(uri) && target.Text(TaskStates.Field) == TaskStates.Done;
        // The quote marks all that the other agent wrote, so that none of it reads like a message of the user.
        var draft = new Draft(
            $"Message from the agent \"{HiddenCharacters.VisibleLine(from.Title)}\" ({fromId}), not from the user:\n\n{quoted}"
        );
        if (TaskResult.Of(target) is not null || !await conversation.DeliverAsync(draft, isWaiting, cancellationToken))
        {
            var status = tasks.Reader.Row(uri)?.Status.Replace('_', ' ') ?? "not running";
            throw new ToolFailureException($"\"{target.Title}\" is {status} and reads no messages, so nothing was sent.");
        }

        return $"The message was sent. \"{target.Title}\" reads it before its next request.";
    }

    /// <summary>Lets subtasks work again that the task did not wait for and that a restart interrupted.</summary>
    /// <returns>True if there are subtasks whose results the task has not received.</returns>
    internal bool Continue(StoredChat parent)
    {
        var unread = tasks.Reader.Unread(parent);
        foreach (var uri in unread.Where(uri => ResultOf(uri) is null))
        {
            tasks.Spawner.Work(uri, isNew: false);
        }

        return unread.Count > 0;
    }

    /// <summary>Keeps a task open at its end until the subtasks that it did not wait for have ended, and sends it their results.</summary>
    /// <returns>True if the task continues.</returns>
    internal async Task<bool> SendRemainingResultsAsync(Conversation parent, CancellationToken cancellationToken)
    {
        var (uri, head) = (parent.CodexId, parent.Stored.Tree.Head);
        var unread = tasks.Reader.Unread(parent.Stored);
        if (unread.Count == 0)
        {
            return false;
        }

        bool IsOpen() => parent.Stored.Tree.Head == head && TaskResult.Of(parent.Stored) is null;
        await tasks.Spawner.WhileWaitingAsync(
            uri,
            turn: null,
            async () =>
            {
                using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var ends = EndsAsync(unread, isForAny: false, progress: null, over.Token);
                while (!ends.IsCompleted)
                {
                    var next = tasks.NextChangeAsync(uri);
                    if (!IsOpen())
                    {
                        break;
                    }
                    await Task.WhenAny(ends, next);
                }

                if (ends.IsCompleted)
                {
                    await ends;
                }
                await over.CancelAsync();
                return true;
            },
            cancellationToken
        );
        if (!IsOpen())
        {
            return TaskResult.Of(parent.Stored) is null;
        }

        try
        {
            var results = unread.Select(child => (ResultOf(child) ?? TaskResult.Deleted(child)).ToJson());
            var sent = await parent.SendAsync(
                new Draft(
                    $"You ended your work while these subtasks were running. They have ended, and these are their results:\n\n{string.Join("\n\n", results)}\n\nUse them, then return your result again."
                ),
                mayWait: false,
                cancellationToken
            );
            await MarkAsync(unread, sent.MessageId);
            return true;
        }
        catch (FailureException fault)
        {
            services.Logger.LogWarning("{Task} did not receive the results of its subtasks: {Why}", uri, fault.Message);
            return !IsOpen();
        }
    }

    /// <summary>Stops the subtasks that an ended task did not wait for.</summary>
    internal async Task StopAllAsync(StoredChat parent)
    {
        foreach (var uri in tasks.Reader.Unread(parent).Where(uri => ResultOf(uri) is null))
        {
            try
            {
                await tasks.StopAsync(uri, under: true, StopCause.TaskEnded, CancellationToken.None);
            }
            catch (FailureException fault)
            {
                services.Logger.LogWarning("{Task} was not stopped: {Why}", uri, fault.Message);
            }
        }
    }

    /// <summary>Completes when one or all have ended. A task that is paused or has reached its budget has not ended.</summary>
    private async Task EndsAsync(IReadOnlyList<string> uris, bool isForAny, IToolProgress? progress, CancellationToken cancellationToken)
    {
        Dictionary<string, string> reported = new(StringComparer.Ordinal);
        while (true)
        {
            var next = uris.Select(tasks.NextChangeAsync).ToList();
            var open = uris.Where(uri => ResultOf(uri) is null).ToList();
            foreach (var row in tasks.Reader.RowsWithAbove(uris).Values.Where(row => uris.Contains(row.Uri)))
            {
                if (reported.GetValueOrDefault(row.Uri) != row.Status)
                {
                    progress?.Report($"{row.Summary.Title}: {row.Status.Replace('_', ' ')}\n");
                }
                reported[row.Uri] = row.Status;
            }

            if (open.Count == 0 || (isForAny && open.Count < uris.Count))
            {
                return;
            }

            foreach (var uri in open.Where(uri => Find(uri)?.Text(TaskFields.ReturnedBy) is not null))
            {
                tasks.Spawner.Work(uri, isNew: false);
            }
            await Task.WhenAny(next).WaitAsync(cancellationToken);
        }
    }

    /// <exception cref="ToolFailureException">One is not a subtask of the parent.</exception>
    private IReadOnlyList<string> Own(string parentId, IReadOnlyList<string> uris)
    {
        var under = tasks.Reader.Tree.Under(parentId);
        return uris.FirstOrDefault(uri => !under.Contains(uri)) is { } other
            ? throw new ToolFailureException(
                $"{HiddenCharacters.VisibleLine(other)} is not your subtask. Use the `task` that spawn_task returned."
            )
            : [.. uris.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Records that the parent received these results. A result that could not be marked is returned again later.</summary>
    private async Task MarkAsync(IEnumerable<string> uris, string returnedBy)
    {
        foreach (var uri in uris)
        {
            try
            {
                if (Find(uri)?.Text(TaskFields.ReturnedBy) is not null)
                {
                    var child = await services.Conversations.GetAsync(uri, CancellationToken.None);
                    await child.SetTaskValuesAsync(
                        AgentTasks.Values((TaskFields.ReturnedBy, Json5Conversion.Of(new Json5String(returnedBy)))),
                        CancellationToken.None
                    );
                }
            }
            catch (FailureException fault)
            {
                services.Logger.LogWarning("The result of {Task} was not marked as returned: {Why}", uri, fault.Message);
            }
        }
    }

    private static Json5Object State(TaskRow row, TaskResult? result)
    {
        List<(string, Json5Node)> fields =
        [
            ("task", new Json5String(row.Uri)),
            ("title", new Json5String(row.Summary.Title)),
            ("status", new Json5String(row.Status)),
            ("last_activity", new Json5String(row.Summary.UpdatedAt.ToString("u", CultureInfo.InvariantCulture))),
            ("cost", row.TotalSpent.IsUsdKnown ? new Json5Number((double)row.TotalSpent.Usd) : new Json5Null()),
        ];
        if (NoteOf(row) is { } note)
        {
            fields.Add(("note", new Json5String(note)));
        }
        if (result is not null)
        {
            fields.Add(("result", result.ToJson5()));
        }
        return Json5Object.Of(fields);
    }

    private static string? NoteOf(TaskRow row) =>
        row.Status switch
        {
            TaskStates.WaitingForApproval => "It waits for an approval or an answer of the user.",
            TaskStates.Paused => "The user paused it.",
            TaskStates.Interrupted => "Plue ended while it was running.",
            _ => row.Note,
        };

    private static string ToJson(params (string Name, Json5Node Value)[] fields) => Json5Conversion.Of(Json5Object.Of(fields)).GetRawText();

    /// <returns>Null if the task has not ended.</returns>
    private TaskResult? ResultOf(string uri) => Find(uri) is { } task ? TaskResult.Of(task) : TaskResult.Deleted(uri);

    private StoredChat? Find(string uri) => tasks.Reader.Find(uri);
}
