using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>
/// Something a model can call. It says what it would do before it does it, so that one place can judge, ask, record and undo. Safe for concurrent calls.
/// </summary>
public interface ITool
{
    /// <summary>As templates name it: <c>read</c>, <c>github/create_issue</c>.</summary>
    string Name { get; }

    /// <summary>What the model is told. The same bytes each time, so that the vendor's cache works. The name in it is <see cref="Name"/> as vendors allow it.</summary>
    ToolDeclaration Declaration { get; }

    /// <summary>It changes nothing, whatever its parameters are: such calls of one round run beside each other.</summary>
    bool IsReadOnly { get; }

    /// <summary>Its calls wait for each other: what they do could meet. Others run beside each other, such as reading, or children at work.</summary>
    bool RunsAlone => !IsReadOnly;

    /// <summary>Looks at the parameters and the files as they are, and changes nothing.</summary>
    /// <exception cref="ToolFailureException">The parameters are wrong or it cannot be done; one sentence for the model.</exception>
    Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken);
}

/// <summary>A call that was looked at and not yet done. What the user is shown is what is done.</summary>
public abstract class PlannedCall
{
    /// <summary>Each is judged.</summary>
    public abstract IReadOnlyList<ToolAction> Actions { get; }

    public abstract ApprovalKind Kind { get; }

    /// <summary>Letter for letter what will be done: the command, the content that is written, the request.</summary>
    public abstract string What { get; }

    /// <summary>What a file would become, as a unified diff; null for other calls.</summary>
    public virtual string? Diff => null;

    /// <summary>The folder or file that it is about.</summary>
    public virtual string? Where => null;

    /// <summary>How a command is held; null for what is no command.</summary>
    public virtual string? Sandbox => null;

    /// <summary>The files that it may change, absolute; empty for none, null when nobody can tell.</summary>
    public virtual IReadOnlyList<string>? Changes => [];

    /// <summary>Does it. Checks once more that the world is as it was when it was planned.</summary>
    /// <exception cref="ToolFailureException">It could not be done; one sentence for the model.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; what it started is ended.</exception>
    public abstract Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken);
}

/// <summary>What a model is told of a call.</summary>
/// <param name="Text">Whole: <see cref="ToolRunner"/> cuts what is too long and keeps the rest readable.</param>
public sealed record ToolOutcome(string Text)
{
    /// <summary>The call ended the agent's work: what it hands back.</summary>
    public JsonElement? Finished { get; init; }

    /// <summary>How a command ended; null for what is no command, and for one that was cut short.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Images that belong to the result.</summary>
    public IReadOnlyList<Messages.MessagePart.File> Images { get; init; } = [];
}

/// <summary>Where long work says how it goes.</summary>
public interface IToolProgress
{
    /// <summary>More output, to be shown and not stored. Returns at once.</summary>
    void Report(string text);
}

/// <summary>A call could not be done. The message goes to the model: what is wrong and what to do instead.</summary>
public sealed class ToolFailureException(string message, Exception? inner = null) : Exception(message, inner);
