using System.Text.Json;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Wire = Plue.Protocol;

namespace Plue.Server.Rpc;

/// <summary>Converts domain types to types of the protocol.</summary>
internal static class ToProtocol
{
    public static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    /// <param name="alternatives">The messages with the same predecessor, including this one; empty if unknown.</param>
    /// <param name="hasChanged">True if a sent file has changed since; null if not checked.</param>
    public static Wire.MessageView Message(
        Message message,
        Func<string, string> providerName,
        IReadOnlyList<string> alternatives,
        Func<MessagePart.File, bool?>? hasChanged = null
    ) =>
        new()
        {
            Id = message.Id,
            Role = (Wire.MessageRole)message.Role,
            Parts = [.. message.Parts.Select(part => Part(part, hasChanged))],
            Status = (Wire.MessageStatus)message.Status,
            CreatedAt = message.CreatedAt,
            UpdatedAt = message.UpdatedAt,
            ParentId = string.IsNullOrEmpty(message.ParentId) ? null : message.ParentId,
            Alternatives = alternatives.Count > 1 ? alternatives : null,
            Omitted = message.Omitted.Count == 0 ? null : message.Omitted,
            Compaction = message.Compaction is { } compaction
                ? new(compaction.Messages, compaction.TokensBefore, compaction.TokensAfter)
                : null,
            Error = message.Error is { } error ? Error(error) : null,
            Usage = message.Usage is { } usage
                ? new(
                    usage.InputTokens,
                    usage.OutputTokens,
                    usage.TotalTokens,
                    usage.CachedReadTokens,
                    usage.CachedWriteTokens,
                    usage.ReasoningTokens,
                    usage.IsEstimated ? true : null
                )
                : null,
            Cost = message.Cost is { } cost
                ? new(
                    cost.InputCost,
                    cost.OutputCost,
                    cost.CachedCost,
                    cost.TotalCost,
                    cost.PriceSource,
                    cost.Price is { } price ? Price(price) : null
                )
                : null,
            ProviderInfo = message.ProviderInfo is { } info ? Provider(info, providerName) : null,
            Hooks = message.Hooks.Count == 0 ? null : [.. message.Hooks.Select(HookRun)],
            Instructions =
                message.Instructions.Count == 0
                    ? null
                    :
                    [
                        .. message
                            .Instructions.Where(source => source.OmittedReason is null)
                            .Select(source => new Wire.UsedInstructionView(
                                (Wire.InstructionSourceKind)source.Kind,
                                source.Source,
                                source.Title,
                                source.Version.ToString()
                            )),
                    ],
            Timing = message.Timing is { } timing ? new(timing.FirstToken?.TotalMilliseconds, timing.Duration.TotalMilliseconds) : null,
            StopReason = (Wire.StopReason?)message.StopReason,
            Routing = message.Routing is { } routing
                ? new(
                    routing.Chosen,
                    routing.Reason,
                    [.. routing.Rejected.Select(one => new Wire.RejectedCandidate(one.Candidate, one.Reason))]
                )
                : null,
        };

    private static Wire.HookRunView HookRun(HookRun run) =>
        new(HiddenCharacters.Visible(run.Name), run.Trigger, (Wire.HookResult)run.Result, run.Duration.TotalMilliseconds)
        {
            Text = run.Text,
            ToolUseId = run.ToolUseId,
            Context = run.Context,
            Parameters = run.Parameters,
        };

    public static Wire.HookFailureView HookFailure(HookFailure failure) => new(failure.Time, failure.Action, failure.Message);

    public static Wire.InstructionSourceView InstructionSource(InstructionSource source) =>
        new(
            (Wire.InstructionSourceKind)source.Kind,
            source.Source,
            source.Title,
            source.Version.ToString(),
            source.HiddenCharacters > 0 ? source.HiddenCharacters : null,
            source.OmittedReason
        )
        {
            AppliesTo = source.AppliesTo,
            Path = source.Path,
            Tokens = source.Tokens,
            CanBeAllowed = source.MayBeAllowed is null ? null : true,
        };

    public static Wire.ModelChoice Choice(ModelChoice choice) => new(choice.ProviderId, choice.Model);

    public static Wire.ChatOptions Options(ChatOptions options) =>
        new(options.Temperature, options.MaxTokens, options.StopSequences, options.ReasoningLevel);

    public static Wire.PriceView Price(Price price) =>
        new(price.InputPerMillion, price.OutputPerMillion, price.CachedReadPerMillion, price.CachedWritePerMillion);

    public static Wire.ErrorView Error(Failure failure) =>
        new(Name(failure.Kind), HiddenCharacters.Visible(failure.Message), failure.RetryAfter?.TotalMilliseconds);

    public static Wire.MessageEvent Event(TurnEvent turnEvent, Func<string, string> providerName) =>
        turnEvent switch
        {
            TurnEvent.MessageAdded(var message, var alternatives) => new Wire.MessageAdded(Message(message, providerName, alternatives)),
            TurnEvent.MessageRemoved(var id) => new Wire.MessageRemoved(id),
            TurnEvent.BranchChanged(var id) => new Wire.BranchChanged(id),
            TurnEvent.HooksChanged(var failures) => new Wire.HooksChanged([.. failures.Select(HookFailure)]),
            TurnEvent.QueueChanged(var queue) => new Wire.QueueChanged([.. queue.Select(Queued)]),
            TurnEvent.TurnStarted(var id) => new Wire.TurnStarted(id),
            TurnEvent.Waiting(var what) => new Wire.Waiting(what),
            TurnEvent.MessageStarted(var message) => new Wire.MessageStarted(
                message.Id,
                Provider(message.ProviderInfo ?? new("", null), providerName)
            ),
            TurnEvent.FallbackUsed(var id, var info) => new Wire.FallbackUsed(id, Provider(info, providerName)),
            TurnEvent.TextDelta(var id, var index, var text) => new Wire.TextDelta(id, index, text),
            TurnEvent.ReasoningDelta(var id, var index, var text) => new Wire.ReasoningDelta(id, index, text),
            TurnEvent.ToolCallStarted(var id, var index, var toolUseId, var toolName) => new Wire.ToolCallStarted(
                id,
                index,
                toolUseId,
                toolName
            ),
            TurnEvent.ToolCallDelta(var id, var index, var text) => new Wire.ToolCallDelta(id, index, text),
            TurnEvent.ToolCallRepaired(var id, var toolUseId, var parameters) => new Wire.ToolCallRepaired(id, toolUseId, parameters),
            TurnEvent.ToolCallProgress(var id, var toolUseId, var text) => new Wire.ToolCallProgress(id, toolUseId, text),
            TurnEvent.ToolCallFinished ended => new Wire.ToolCallFinished(ended.MessageId, ended.ToolUseId, ended.Result, ended.Error)
            {
                Changes = Changes(ended.Changes),
                Approval = Approval(ended.Approval),
                DurationMs = ended.RunTime?.TotalMilliseconds,
            },
            TurnEvent.HookRan(var id, var run) => new Wire.HookRan(id, HookRun(run)),
            TurnEvent.Restarted(var id, var attempt, var delay, var why) => new Wire.Restarted(id, attempt, delay.TotalMilliseconds, why),
            TurnEvent.Retrying(var attempt, var until, var why) => new Wire.Retrying(attempt, until, why),
            TurnEvent.MessageFinished(var message, var alternatives) => new Wire.MessageFinished(
                Message(message, providerName, alternatives)
            ),
            TurnEvent.TurnFinished(var id, var reason, var error) => new Wire.TurnFinished(
                id,
                (Wire.StopReason)reason,
                error is null ? null : Error(error)
            ),
            _ => throw new InvalidOperationException($"No wire event for {turnEvent.GetType().Name}"),
        };

    public static Wire.QueuedView Queued(Message message) =>
        new(message.Id, message.Text, [.. message.Parts.OfType<MessagePart.File>().Where(file => file.Skill is null).Select(Attached)]);

    /// <summary>Converts a stored attachment without reading its file again.</summary>
    private static Wire.AttachmentView Attached(MessagePart.File file) =>
        new()
        {
            Path = file.Path,
            Name = Path.GetFileName(file.Path),
            Kind =
                file.IsImage ? Wire.AttachmentKind.Image
                : file.Content is null ? Wire.AttachmentKind.Binary
                : Wire.AttachmentKind.Text,
            Language = file.Language,
            MediaType = file.MediaType,
            Blob = file.Blob,
            Range = file.Range is { } range ? new(range.Start, range.End) : null,
            Mode = file.IsSummary ? Wire.AttachmentMode.Summary : null,
            Size = file.Size,
            Questions = [],
        };

    private static Wire.ProviderInfoView Provider(ProviderInfo info, Func<string, string> providerName) =>
        new(info.ProviderId, providerName(info.ProviderId), info.ModelId, info.RequestId, info.FallbackReason);

    private static IReadOnlyList<Wire.ChangedFileView>? Changes(IReadOnlyList<FileChange> changes) =>
        changes.Count == 0 ? null : [.. changes.Select(change => new Wire.ChangedFileView(change.Path, change.Added, change.Removed))];

    private static Wire.ApprovalNoteView? Approval(ApprovalNote? note) =>
        note is null ? null : new(note.Decision, note.Reason, note.Rule, note.Time);

    private static Wire.MessagePart Part(MessagePart part, Func<MessagePart.File, bool?>? hasChanged) =>
        part switch
        {
            MessagePart.Text(var content) => new Wire.TextPart(content),
            MessagePart.File file => new Wire.FilePart(
                file.Path,
                file.Content,
                file.Language,
                file.Blob,
                file.MediaType,
                file.Size,
                file.Range is { } range ? new(range.Start, range.End) : null,
                file.IsSummary ? true : null,
                hasChanged?.Invoke(file),
                file.IsUnsaved ? true : null
            )
            {
                Skill = file.Skill?.Title,
            },
            MessagePart.ToolUse(var id, var name, var parameters) => new Wire.ToolUsePart(id, name, parameters),
            MessagePart.ToolResult result => new Wire.ToolResultPart(result.ToolUseId, result.Result, result.Error)
            {
                Changes = Changes(result.Changes),
                Approval = Approval(result.Approval),
                DurationMs = result.RunTime?.TotalMilliseconds,
            },
            MessagePart.Reasoning reasoning => new Wire.ReasoningPart(reasoning.Content),
            _ => throw new InvalidOperationException($"No wire part for {part.GetType().Name}"),
        };
}
