using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>A message that is streaming. It is built from deltas, and a <see cref="Message"/> can be created at any time. Not thread-safe.</summary>
internal sealed class LiveMessage(Message start)
{
    private sealed class Part
    {
        public MessagePart.File? File { get; init; }
        public IReadOnlyList<FileChange> Changes { get; init; } = [];
        public ApprovalNote? Approval { get; init; }
        public TimeSpan? RunTime { get; init; }
        public IReadOnlyList<InstructionSource> Instructions { get; init; } = [];
        public required PartKind Kind { get; init; }
        public StringBuilder Text { get; } = new();
        public string Id { get; init; } = "";
        public string ToolName { get; init; } = "";
        public string? Signature { get; set; }
        public string? Opaque { get; set; }
        public string? Error { get; set; }
        public bool IsClosed { get; set; }

        /// <summary>Gets or sets why a call is not run, as a sentence for the model.</summary>
        public string? Problem { get; set; }

        /// <summary>Gets or sets the arguments of a call as the model wrote them, if they are not a JSON object.</summary>
        public string? Raw { get; set; }
    }

    private enum PartKind
    {
        Text,
        Reasoning,
        ToolUse,
        ToolResult,
        File,
    }

    private readonly List<Part> parts = [];
    private readonly List<HookRun> hooks = [];

    public string Id => start.Id;
    public bool IsEmpty => parts.Count == 0;
    public ProviderInfo? ProviderInfo { get; set; } = start.ProviderInfo;
    public IReadOnlyList<string> Omitted { get; set; } = [];
    public IReadOnlyList<InstructionSource> Instructions { get; set; } = start.Instructions;
    public StopReason? StopReason { get; set; }
    public IReadOnlyList<HookRun> Hooks => hooks;

    /// <summary>Gets the id and name of tool calls without a result.</summary>
    public IReadOnlyList<(string ToolUseId, string ToolName)> OpenToolCalls
    {
        get
        {
            List<(string, string)> open = [];
            foreach (var part in parts)
            {
                if (part.Kind == PartKind.ToolUse && !parts.Exists(other => other.Kind == PartKind.ToolResult && other.Id == part.Id))
                {
                    open.Add((part.Id, part.ToolName));
                }
            }

            return open;
        }
    }

    /// <summary>Gets the complete calls without a result. A call truncated by a broken stream is not included.</summary>
    public IReadOnlyList<ToolCall> Calls
    {
        get
        {
            var open = OpenToolCalls.Select(call => call.ToolUseId).ToHashSet(StringComparer.Ordinal);
            return
            [
                .. parts
                    .Where(part => part is { Kind: PartKind.ToolUse, IsClosed: true } && open.Contains(part.Id))
                    .Select(part => new ToolCall(part.Id, part.ToolName, part.Text.ToString()) { Problem = part.Problem, Raw = part.Raw }),
            ];
        }
    }

    /// <returns>The index of the part.</returns>
    public int AppendText(string text) => Append(PartKind.Text, text);

    public int AppendReasoning(string text) => Append(PartKind.Reasoning, text);

    public void FinishReasoning(string? signature, string? opaque)
    {
        if (parts is not [.., { Kind: PartKind.Reasoning, IsClosed: false } part])
        {
            part = new Part { Kind = PartKind.Reasoning };
            parts.Add(part);
        }

        (part.Signature, part.Opaque, part.IsClosed) = (signature, opaque, true);
    }

    public int StartToolCall(string toolUseId, string toolName)
    {
        parts.Add(
            new Part
            {
                Kind = PartKind.ToolUse,
                Id = toolUseId,
                ToolName = toolName,
            }
        );
        return parts.Count - 1;
    }

    /// <returns>The index of the part; -1 if the call does not exist or its arguments are too long.</returns>
    public int AppendToolCall(string toolUseId, string arguments)
    {
        var index = FindToolCall(toolUseId);
        if (index < 0 || parts[index].Problem is not null)
        {
            return -1;
        }

        var part = parts[index];
        if (part.Text.Length + (long)arguments.Length > ToolArguments.MaxLength)
        {
            part.Problem = ToolArguments.TooLong;
            part.Text.Clear().Capacity = 0;
            return -1;
        }

        part.Text.Append(arguments);
        return index;
    }

    /// <summary>Replaces the streamed arguments of a call by the final ones. The stored JSON is valid for every vendor.</summary>
    /// <param name="problem">Why the call is not run; null if it is.</param>
    /// <param name="raw">The arguments as the model wrote them, if they are not a JSON object.</param>
    public void FinishToolCall(string toolUseId, string parameters, string? problem, string? raw = null)
    {
        var index = FindToolCall(toolUseId);
        if (index < 0)
        {
            return;
        }

        var part = parts[index];
        part.IsClosed = true;
        // Arguments that were too long while streaming keep that problem.
        part.Problem = problem ?? ToolArguments.ErrorIn(parameters) ?? (part.Problem == ToolArguments.TooLong ? part.Problem : null);
        part.Raw = raw;
        part.Text.Clear();
        if (part.Problem == ToolArguments.TooLong)
        {
            part.Text.Capacity = 0;
        }
        else
        {
            part.Text.Append(LoneSurrogates.Replaced(parameters));
        }
    }

    /// <summary>
    /// Repairs the arguments of complete calls, so that the same arguments are displayed, checked, stored and run. For those that cannot be repaired, the model
    /// gets an error with the schema.
    /// </summary>
    /// <returns>The calls whose arguments changed.</returns>
    public IReadOnlyList<ToolCall> RepairToolCalls(Toolbox tools)
    {
        List<ToolCall> changed = [];
        foreach (var call in Calls)
        {
            if (tools.Find(call.Name)?.Declaration.ParametersSchema is not { } schema || (call.Problem is not null && call.Raw is null))
            {
                continue;
            }

            var parameters = call.Raw is { } raw ? ArgumentText.ToObject(raw, schema) : call.Parameters;
            if (parameters is null)
            {
                FinishToolCall(call.ToolUseId, "{}", ArgumentText.Problem(call.Raw!, schema), call.Raw);
                changed.Add(call with { Parameters = "{}" });
            }
            else if ((ArgumentRepair.Repair(parameters, schema) ?? (call.Raw is null ? null : parameters)) is { } repaired)
            {
                FinishToolCall(call.ToolUseId, repaired, null);
                changed.Add(call with { Parameters = repaired });
            }
        }

        return changed;
    }

    public void AddToolResult(
        string toolUseId,
        string? result,
        string? error,
        IReadOnlyList<FileChange>? changes = null,
        ApprovalNote? approval = null,
        TimeSpan? runTime = null,
        IReadOnlyList<InstructionSource>? instructions = null
    )
    {
        var part = new Part
        {
            Kind = PartKind.ToolResult,
            Id = toolUseId,
            Error = error,
            Changes = changes ?? [],
            Approval = approval,
            RunTime = runTime,
            Instructions = instructions ?? [],
        };
        part.Text.Append(result);
        parts.Add(part);
    }

    public void AddHook(HookRun run) => hooks.Add(run);

    public void AddFile(MessagePart.File file) => parts.Add(new Part { Kind = PartKind.File, File = file });

    /// <summary>Sorts the results in the order of the calls, each followed by its images. They arrive in the order of completion.</summary>
    public void OrderResults()
    {
        var order = parts
            .Where(part => part.Kind == PartKind.ToolUse)
            .Select((part, at) => (part.Id, at))
            .GroupBy(call => call.Id)
            .ToDictionary(same => same.Key, same => same.First().at, StringComparer.Ordinal);
        var sorted = parts
            .OrderBy(part =>
                part.Kind switch
                {
                    PartKind.ToolResult => 1 + order.GetValueOrDefault(part.Id),
                    PartKind.File => int.MaxValue,
                    _ => 0,
                }
            )
            .ToList();
        parts.Clear();
        parts.AddRange(sorted);
    }

    /// <summary>Discards the content, because the vendor restarts its response.</summary>
    public void Clear() => parts.Clear();

    public Message ToMessage(
        MessageStatus status,
        DateTimeOffset updatedAt,
        Failure? error = null,
        Usage? usage = null,
        Cost? cost = null,
        Timing? timing = null
    ) =>
        start with
        {
            Parts = [.. parts.Select(Freeze)],
            Status = status,
            UpdatedAt = updatedAt,
            Error = error,
            Usage = usage,
            Cost = cost,
            Timing = timing,
            ProviderInfo = ProviderInfo,
            Omitted = Omitted,
            Instructions = Instructions,
            StopReason = StopReason,
            Hooks = [.. hooks],
        };

    private int Append(PartKind kind, string text)
    {
        if (parts.Count == 0 || parts[^1].Kind != kind || parts[^1].IsClosed)
        {
            parts.Add(new Part { Kind = kind });
        }
        parts[^1].Text.Append(text);
        return parts.Count - 1;
    }

    private int FindToolCall(string toolUseId) => parts.FindLastIndex(part => part.Kind == PartKind.ToolUse && part.Id == toolUseId);

    private static MessagePart Freeze(Part part) =>
        part.Kind switch
        {
            PartKind.Text => new MessagePart.Text(part.Text.ToString()),
            PartKind.Reasoning => new MessagePart.Reasoning(part.Text.ToString(), part.Signature, part.Opaque),
            PartKind.ToolUse => new MessagePart.ToolUse(part.Id, part.ToolName, part.Text.Length == 0 ? "{}" : part.Text.ToString()),
            PartKind.ToolResult => new MessagePart.ToolResult(part.Id, part.Error is null ? part.Text.ToString() : null, part.Error)
            {
                Changes = part.Changes,
                Approval = part.Approval,
                RunTime = part.RunTime,
                Instructions = part.Instructions,
            },
            PartKind.File => part.File!,
            _ => throw new InvalidOperationException(part.Kind.ToString()),
        };
}
