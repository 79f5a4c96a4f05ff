using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Acp;

/// <summary>What happens during a turn, in its order.</summary>
internal abstract record AcpEvent
{
    private AcpEvent() { }

    public sealed record Update(JsonElement Content) : AcpEvent;

    /// <param name="ContextTokens">Null if the agent does not report it.</param>
    /// <param name="Cost">USD of the session so far; null if the agent does not report it.</param>
    public sealed record Metered(long? ContextTokens, decimal? Cost) : AcpEvent;

    /// <summary>The agent requests permission.</summary>
    /// <param name="Call">Receives the call with all that is known of it.</param>
    public sealed record Permission(JsonElement ToolCall, TaskCompletionSource<AgentCall> Call) : AcpEvent;

    /// <summary>The agent asks the user a question.</summary>
    /// <param name="CallId">The agent's ID of the call for which it asks; null for none.</param>
    public sealed record Question(string? CallId, string Message, TaskCompletionSource<AcpCard> Result) : AcpEvent;

    /// <summary>The agent uses a file or a terminal of Plue, as part of its open call if there is one, otherwise as a new call.</summary>
    /// <param name="Path">Null for a command.</param>
    /// <param name="Command">Null for a file.</param>
    public sealed record Card(string Kind, string? Path, string? Command, TaskCompletionSource<AcpCard> Result) : AcpEvent;

    /// <summary>A call that <see cref="Card"/> made has ended.</summary>
    public sealed record CardEnded(string ToolUseId, string? Result, string? Error) : AcpEvent;

    public sealed record Ended(JsonElement Result) : AcpEvent;

    public sealed record Failed(Failure Failure) : AcpEvent;
}

/// <param name="IsOwn">The call was made for this use.</param>
internal sealed record AcpCard(string ToolUseId, bool IsOwn);
