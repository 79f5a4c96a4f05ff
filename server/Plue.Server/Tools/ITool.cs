using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>
/// A tool that a model can call. Each call is planned with its effects before it runs, so that permissions, approval, recording and undo are handled in one
/// place. Thread-safe.
/// </summary>
internal interface ITool
{
    /// <summary>Gets the name in templates, such as <c>read</c> or <c>github/create_issue</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Gets the declaration for the model. It is always identical, for the vendor's cache. Its name is <see cref="Name"/> in the form that vendors allow.
    /// </summary>
    ToolDeclaration Declaration { get; }

    /// <summary>True if no call changes anything. Such calls of one round run in parallel.</summary>
    bool IsReadOnly { get; }

    /// <summary>True if calls must run one at a time, because their effects could conflict. Others run in parallel, such as reads and subtasks.</summary>
    bool RunsAlone => !IsReadOnly;

    /// <summary>Plans a call from its parameters and the current files. Changes nothing.</summary>
    /// <exception cref="ToolFailureException">The parameters are invalid or the call is not possible; one sentence for the model.</exception>
    Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken);
}

/// <summary>A planned call that has not run. The user is shown exactly what runs.</summary>
internal abstract class PlannedCall
{
    /// <summary>Gets the effects of the call. Each is evaluated.</summary>
    public abstract IReadOnlyList<ToolAction> Actions { get; }

    public abstract ApprovalKind Kind { get; }

    /// <summary>Gets exactly what will be done: the command, the content to write, the request.</summary>
    public abstract string ActionText { get; }

    /// <summary>The change to a file as a unified diff; null for other calls.</summary>
    public virtual string? Diff => null;

    /// <summary>The files of <see cref="Diff"/> as text; empty for other calls.</summary>
    public virtual IReadOnlyList<ProposedFile> Proposed => [];

    /// <summary>Gets the affected folder or file.</summary>
    public virtual string? Location => null;

    /// <summary>Gets the sandbox of a command; null for other calls.</summary>
    public virtual string? Sandbox => null;

    /// <summary>Gets the absolute paths of files that the call may change; empty for none, null if unknown.</summary>
    public virtual IReadOnlyList<string>? Changes => [];

    /// <summary>False if another program runs the call and can only end it with the response.</summary>
    public virtual bool CanStopAlone => true;

    /// <summary>Gets the unsaved editor text used for planning, as bytes of the file, by absolute path.</summary>
    public virtual IReadOnlyDictionary<string, byte[]>? Unsaved => null;

    /// <summary>Gets text to append to the result after the changes are recorded; empty for none. Does not throw.</summary>
    public virtual Task<string> FollowUpAsync(CancellationToken cancellationToken) => Task.FromResult("");

    /// <summary>Gets the absolute paths of files and folders that the call reads or changes. The result includes the instructions that apply to them.</summary>
    public virtual IReadOnlyList<string> Touches =>
        [
            .. Actions
                .Select(action =>
                    action switch
                    {
                        ToolAction.ReadFile(var path) => path,
                        ToolAction.ChangeFile(var path, _) => path,
                        _ => null,
                    }
                )
                .OfType<string>(),
        ];

    /// <summary>Gets the question to ask the user before the call runs; null for none.</summary>
    public virtual Question? Question => null;

    /// <summary>Receives the answer to <see cref="Question"/>: values of its fields, or a denial.</summary>
    public virtual void Answered(ApprovalAnswer given) { }

    /// <summary>Runs the call. Checks again that nothing has changed since it was planned.</summary>
    /// <exception cref="ToolFailureException">The call failed; one sentence for the model.</exception>
    /// <exception cref="OperationCanceledException">The call was stopped, and everything that it started has ended.</exception>
    public abstract Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken);
}

/// <summary>The result of a call for the model.</summary>
/// <param name="Text">The complete text; <see cref="ToolRunner"/> truncates it and stores the rest.</param>
internal sealed record ToolOutcome(string Text)
{
    /// <summary>Gets the result of the agent, if the call ended its work.</summary>
    public JsonElement? Finished { get; init; }

    /// <summary>Gets the exit code of a command; null for other calls and for stopped commands.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Gets the instructions that the result contains, such as a skill.</summary>
    public IReadOnlyList<Messages.InstructionSource> Instructions { get; init; } = [];

    /// <summary>Gets the cost in USD; null if it is free or no price is known.</summary>
    public decimal? Cost { get; init; }

    public IReadOnlyList<Messages.MessagePart.File> Images { get; init; } = [];
}

/// <summary>Receives the progress of a long-running call.</summary>
internal interface IToolProgress
{
    /// <summary>Reports additional output, which is displayed but not stored. Does not block.</summary>
    void Report(string text);

    /// <summary>Canceled when the user stops only this call. A tool that has output by then returns it.</summary>
    CancellationToken Stopped => CancellationToken.None;
}

/// <summary>A failed call. The message tells the model what is wrong and what to do instead.</summary>
internal sealed class ToolFailureException(string message, Exception? inner = null) : Exception(message, inner);
