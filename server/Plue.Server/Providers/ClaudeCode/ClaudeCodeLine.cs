using Plue.Server.Messages;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>One line that the CLI wrote, as far as we use it. A closed set.</summary>
internal abstract record ClaudeCodeLine
{
    private ClaudeCodeLine() { }

    /// <summary>Of a kind that we do not use, or not JSON.</summary>
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

    /// <summary>A block as it counts. <paramref name="Error"/> names a class of failure; then the blocks are prose about it.</summary>
    public sealed record Assistant(string Id, string? Model, IReadOnlyList<Block> Blocks, string? Error) : ClaudeCodeLine;

    /// <summary>A step of an agent that a call of the CLI started.</summary>
    /// <param name="ParentId">The call.</param>
    /// <param name="Text">The step in one or more lines; may be empty.</param>
    /// <param name="MessageId">Of the message of the agent's model; null for the results of its tools.</param>
    public sealed record Nested(string ParentId, string Text, string? MessageId, Usage Usage) : ClaudeCodeLine;

    public sealed record ToolResults(IReadOnlyList<ToolResult> Results) : ClaudeCodeLine;

    public sealed record Retry(int Attempt, TimeSpan Delay, int? Status, string? Error) : ClaudeCodeLine;

    /// <param name="ResetsAt">Of the limit that counts most.</param>
    public sealed record RateLimit(string? Status, DateTimeOffset? ResetsAt, IReadOnlyList<UsageWindow> Windows) : ClaudeCodeLine;

    /// <param name="TotalCost">USD, of the whole process so far.</param>
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

    /// <summary>The CLI asks. <paramref name="Input"/> is the tool's input, as JSON.</summary>
    public sealed record Question(string RequestId, string Subtype, string? ToolName, string? Input) : ClaudeCodeLine
    {
        public string? ToolUseId { get; init; }

        /// <summary>Which of our hooks it calls.</summary>
        public string? Hook { get; init; }

        /// <summary>What it asks of our server.</summary>
        public ServerMessage? Message { get; init; }
    }

    /// <summary>It does not want its question answered any more.</summary>
    public sealed record QuestionCanceled(string RequestId) : ClaudeCodeLine;

    /// <summary>The CLI answers. <paramref name="Models"/> came with the answer to <c>initialize</c>.</summary>
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
        /// <summary>Of <c>initialize</c>.</summary>
        public string? ProtocolVersion { get; init; }

        /// <summary>The tool that is called, by its name in our list, with its input as JSON.</summary>
        public string? ToolName { get; init; }
        public string Arguments { get; init; } = "{}";
        public string? ToolUseId { get; init; }

        /// <summary>Of <c>notifications/cancelled</c>: which message is not to be answered any more, as JSON.</summary>
        public string? CancelledId { get; init; }
    }
}
