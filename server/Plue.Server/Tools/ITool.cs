using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>
/// A tool that a model can call. It plans its effects before it runs, so that permissions, approval, recording and undo are handled in one place. Thread-safe.
/// </summary>
public interface ITool
{
    /// <summary>As templates name it: <c>read</c>, <c>github/create_issue</c>.</summary>
    string Name { get; }

    /// <summary>The declaration sent to the model. Always the same bytes, for the vendor's cache. Its name is <see cref="Name"/> in the form that vendors allow.</summary>
    ToolDeclaration Declaration { get; }

    /// <summary>It changes nothing, whatever its parameters are: such calls of one round run beside each other.</summary>
    bool IsReadOnly { get; }

    /// <summary>Its calls wait for each other: what they do could meet. Others run beside each other, such as reading, or children at work.</summary>
    bool RunsAlone => !IsReadOnly;

    /// <summary>Looks at the parameters and the files as they are, and changes nothing.</summary>
    /// <exception cref="ToolFailureException">The parameters are wrong or it cannot be done; one sentence for the model.</exception>
    Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken);
}

/// <summary>A planned call that has not run. The user is shown exactly what runs.</summary>
public abstract class PlannedCall
{
    /// <summary>Each is judged.</summary>
    public abstract IReadOnlyList<ToolAction> Actions { get; }

    public abstract ApprovalKind Kind { get; }

    /// <summary>Letter for letter what will be done: the command, the content that is written, the request.</summary>
    public abstract string What { get; }

    /// <summary>The change to a file as a unified diff; null for other calls.</summary>
    public virtual string? Diff => null;

    /// <summary>The files of <see cref="Diff"/> as text; empty for other calls.</summary>
    public virtual IReadOnlyList<ProposedFile> Proposed => [];

    /// <summary>The folder or file that it is about.</summary>
    public virtual string? Where => null;

    /// <summary>The sandbox of a command; null for other calls.</summary>
    public virtual string? Sandbox => null;

    /// <summary>The absolute paths of files that it may change; empty for none, null if unknown.</summary>
    public virtual IReadOnlyList<string>? Changes => [];

    /// <summary>False if another program runs it, which ends it only together with the response.</summary>
    public virtual bool IsStoppedAlone => true;

    /// <summary>By absolute path, the unsaved text of the editor that it was planned with, as bytes of the file.</summary>
    public virtual IReadOnlyDictionary<string, byte[]>? Unsaved => null;

    /// <summary>Text to add to the result after its changes are recorded; empty for none. Does not throw.</summary>
    public virtual Task<string> FollowUpAsync(CancellationToken cancellationToken) => Task.FromResult("");

    /// <summary>The files and folders that it reads or changes, absolute: the instructions that apply to them go into its result.</summary>
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

    /// <summary>What the user is asked before it runs; null for nothing.</summary>
    public virtual Question? Question => null;

    /// <summary>Receives the answer to <see cref="Question"/>: values of its fields, or a denial.</summary>
    public virtual void Answered(ApprovalAnswer given) { }

    /// <summary>Does it. Checks again that the world is as it was when it was planned.</summary>
    /// <exception cref="ToolFailureException">It could not be done; one sentence for the model.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; what it started is ended.</exception>
    public abstract Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken);
}

/// <summary>The result of a call for the model.</summary>
/// <param name="Text">The complete text: <see cref="ToolRunner"/> truncates it and stores the rest.</param>
public sealed record ToolOutcome(string Text)
{
    /// <summary>The call ended the agent's work: what it hands back.</summary>
    public JsonElement? Finished { get; init; }

    /// <summary>The exit code of a command; null for other calls and for stopped commands.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The instructions that the result brings, such as a skill.</summary>
    public IReadOnlyList<Messages.InstructionSource> Instructions { get; init; } = [];

    /// <summary>USD that it cost; null for nothing and where no price is known.</summary>
    public decimal? Cost { get; init; }

    /// <summary>Images that belong to the result.</summary>
    public IReadOnlyList<Messages.MessagePart.File> Images { get; init; } = [];
}

/// <summary>Receives the progress of a long-running call.</summary>
public interface IToolProgress
{
    /// <summary>More output, to be shown and not stored. Returns at once.</summary>
    void Report(string text);

    /// <summary>Canceled when the user stops this call alone. A tool that has output by then returns it.</summary>
    CancellationToken Stopped => CancellationToken.None;
}

/// <summary>A failed call. The message tells the model what is wrong and what to do instead.</summary>
public sealed class ToolFailureException(string message, Exception? inner = null) : Exception(message, inner);
