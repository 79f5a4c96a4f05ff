using Plue.Server.Messages;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>One line that the CLI wrote, as far as we use it. A closed set.</summary>
internal abstract record ClaudeCodeLine
{
    private ClaudeCodeLine() { }

    /// <summary>A line of a type that is not used, or that is not JSON.</summary>
    public sealed record Other : ClaudeCodeLine
    {
        public static readonly Other Instance = new();
    }

    public sealed record Init(string? SessionId, string? Model) : ClaudeCodeLine;

    public sealed record MessageStarted(string Id, string? Model, Usage Usage) : ClaudeCodeLine;

    public sealed record BlockStarted(int Index, string Kind, string? ToolUseId, string? ToolName) : ClaudeCodeLine;

    public sealed record TextDelta(int Index, string Text) : ClaudeCodeLine;

    public sealed record ThinkingDelta(int Index, string Text) : ClaudeCodeLine;

    public sealed record InputDelta(int Index, string Json) : ClaudeCodeLine;

    public sealed record BlockStopped(int Index) : ClaudeCodeLine;

    public sealed record MessageEnding(Usage Usage) : ClaudeCodeLine;

    /// <summary>The final version of a block. With <paramref name="Error"/>, a class of failure, the blocks describe that failure.</summary>
    public sealed record Assistant(string Id, string? Model, IReadOnlyList<Block> Blocks, string? Error) : ClaudeCodeLine;

    /// <summary>A step of a sub-agent.</summary>
    /// <param name="ParentId">The call that started the sub-agent.</param>
    /// <param name="Text">The step in one or more lines; may be empty.</param>
    /// <param name="MessageId">The id of the sub-agent's message; null for results of its tools.</param>
    public sealed record Nested(string ParentId, string Text, string? MessageId, Usage Usage) : ClaudeCodeLine;

    public sealed record ToolResults(IReadOnlyList<ToolResult> Results) : ClaudeCodeLine;

    public sealed record Retry(int Attempt, TimeSpan Delay, int? Status, string? Error) : ClaudeCodeLine;

    /// <param name="ResetsAt">The reset time of the most restrictive limit.</param>
    public sealed record RateLimit(string? Status, DateTimeOffset? ResetsAt, IReadOnlyList<UsageWindow> Windows) : ClaudeCodeLine;

    /// <param name="TotalCost">The total cost of the process so far, in USD.</param>
    public sealed record Result(
        bool IsError,
        string? Subtype,
        int? Status,
        string Text,
        string? StopReason,
        string? TerminalReason,
        Usage Usage,
        decimal? TotalCost
    ) : ClaudeCodeLine;

    /// <summary>A request from the CLI. <paramref name="Input"/> is the tool's input, as JSON.</summary>
    public sealed record Question(string RequestId, string Subtype, string? ToolName, string? Input) : ClaudeCodeLine
    {
        public string? ToolUseId { get; init; }

        /// <summary>The id of Plue's hook that the CLI calls.</summary>
        public string? Hook { get; init; }

        /// <summary>The message to Plue's MCP server.</summary>
        public ServerMessage? Message { get; init; }
    }

    /// <summary>The CLI canceled its request.</summary>
    public sealed record QuestionCanceled(string RequestId) : ClaudeCodeLine;

    /// <summary>A reply from the CLI. <paramref name="Models"/> is from the reply to <c>initialize</c>.</summary>
    public sealed record Answer(string RequestId, string? Error, IReadOnlyList<ModelInfo>? Models) : ClaudeCodeLine;

    public abstract record Block
    {
        private Block() { }

        public sealed record Text(string Content) : Block;

        public sealed record Thinking(string Content, string? Signature) : Block;

        public sealed record Redacted(string Data) : Block;

        public sealed record ToolUse(string Id, string Name, string Input) : Block;
    }

    public sealed record ToolResult(string ToolUseId, string Content, bool IsError);

    /// <summary>A message of JSON-RPC to a server of the Model Context Protocol. <paramref name="Id"/> is JSON; null for a notification.</summary>
    public sealed record ServerMessage(string Method, string? Id)
    {
        /// <summary>The protocol version in <c>initialize</c>.</summary>
        public string? ProtocolVersion { get; init; }

        /// <summary>The tool that is called, by Plue's name, with its input as JSON.</summary>
        public string? ToolName { get; init; }
        public string Arguments { get; init; } = "{}";
        public string? ToolUseId { get; init; }

        /// <summary>The id of the canceled request in <c>notifications/cancelled</c>, as JSON.</summary>
        public string? CancelledId { get; init; }
    }
}
