using Plue.Server.Acp;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Cli;

/// <summary>A chat that is open in this terminal.</summary>
internal sealed class ChatSession : IAsyncDisposable
{
    private const int DeniedCall = 4;
    private const int RecalledLines = 20;
    private const string Prompt = "> ";

    private readonly Services services;
    private readonly Terminal terminal;
    private readonly bool isUnattended;
    private readonly Keyboard keyboard;
    private readonly LineEditor editor;
    private readonly ChatView view;
    private readonly ApprovalPrompt approvals;
    private readonly Conversations conversations;
    private readonly AgentCommands commands;
    private readonly CancellationTokenSource background = new();
    private readonly CancellationTokenSource exit = new();
    private readonly Task working;
    private Conversation? conversation;

    public ChatSession(Services services, Terminal terminal, bool asJson, bool isUnattended, AgentPermissions policy)
    {
        (this.services, this.terminal, this.isUnattended) = (services, terminal, isUnattended);
        Func<string, string> mask = services.Platform.Redactor.Mask;
        keyboard = new Keyboard(terminal, Interrupt);
        editor = new LineEditor(terminal, keyboard);
        var text = asJson ? null : new ResponseText(terminal, mask, services.Platform.Workspace.TrustedFolders);
        view = new ChatView(text ?? (ITurnSink)new JsonLines(terminal, services.Providers.Registry.NameOf), text, editor);
        approvals = new ApprovalPrompt(terminal, keyboard, services.Permissions.Approvals, mask);
        var chat = services.Chat(view, isUnattended, policy);
        conversations = new Conversations(chat);
        services.Tasks(chat, conversations, (_, _) => { });
        commands = new AgentCommands(services.Codices, services.Providers.Registry);
        view.Begin();
        working = Task.WhenAll(services.Permissions.Inbox.RunAsync(background.Token), conversations.FollowAsync(background.Token));
    }

    /// <summary>The provider of the chat; null if it does not exist.</summary>
    public ProviderSettings? Provider => Chat.ProviderId is { } id ? services.Providers.Registry.Find(id)?.Settings : null;

    private Conversation Open => conversation ?? throw new InvalidOperationException("The chat is not open.");

    private StoredChat Chat => Open.Stored;

    /// <summary>Opens a chat and applies the options, or creates one.</summary>
    /// <param name="existing">The address of a chat; null for a new one.</param>
    /// <exception cref="FailureException">There is no such chat, template, or provider.</exception>
    public async Task OpenAsync(string? existing, string templateId, ChatFields given, CancellationToken cancellationToken)
    {
        if (given.ProviderId is { } named)
        {
            await services.Providers.Registry.GetAsync(named, cancellationToken);
        }

        if (existing is not null)
        {
            conversation = await conversations.GetAsync(existing, cancellationToken);
            if (Chat.IsTask)
            {
                throw new FailureException(FailureKind.BadRequest, $"{existing} is a task. Continue it with: plue task resume {Chat.Id}");
            }
            if (given is not { ProviderId: null, Model: null, Values: null })
            {
                await conversation.UpdateAsync(_ => given, null, cancellationToken);
            }
        }
        else
        {
            if (services.Codices.Templates.Find(templateId) is { Collection: not TemplateCollection.Chats })
            {
                throw new FailureException(
                    FailureKind.BadRequest,
                    $"{templateId} is not a template for chats. Run a task with: plue task run {templateId} GOAL"
                );
            }

            conversation = await conversations.CreateAsync(
                templateId,
                given with
                {
                    Values = null,
                },
                given.Values ?? StoredChat.NoValues,
                cancellationToken
            );
        }

        view.CodexId = conversation.CodexId;
        if (given.ProviderId is null && Provider is { Capabilities.IsDemo: true })
        {
            throw new FailureException(
                FailureKind.NotFound,
                "No AI provider is connected. Connect one with plue providers add, or in VS Code with Plue: Manage Providers."
            );
        }
    }

    /// <summary>Sends one message and prints the response.</summary>
    public async Task<int> AskAsync(string message, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, exit.Token);
        terminal.WriteError($"{Open.CodexId}");
        return await SendAsync(message, either.Token) ?? ExitCodes.Done;
    }

    /// <summary>Reads messages until the end of the input, and prints the responses.</summary>
    public async Task<int> ConverseAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, exit.Token);
        ShowBeginning();
        while (await ReadAsync(either.Token) is { } typed)
        {
            if (string.IsNullOrWhiteSpace(typed))
            {
                continue;
            }

            editor.Remember(typed);
            switch (typed.Trim())
            {
                case "/exit":
                    return ExitCodes.Done;
                case "/help":
                    terminal.WriteError(
                        "Enter sends. A backslash before Enter, or Alt+Enter, starts another line. Ctrl+C stops the response, and twice exits. /exit or Ctrl+D exits. Prompts and skills are commands, such as /NAME."
                    );
                    break;
                default:
                    await SendOrExplainAsync(typed, either.Token);
                    break;
            }
        }

        return ExitCodes.Done;
    }

    public async ValueTask DisposeAsync()
    {
        await background.CancelAsync();
        await working;
        try
        {
            if (conversation is { Stored.IsUnused: true })
            {
                await conversations.DiscardEmptyAsync(conversation.CodexId, CancellationToken.None);
            }
        }
        catch (FailureException)
        { /* Somebody else uses it. */
        }

        // A running response ends as interrupted: the user did not stop it.
        await conversations.DisposeAsync();
        await view.DisposeAsync();
        background.Dispose();
    }

    private void ShowBeginning()
    {
        var mask = services.Platform.Redactor.Mask;
        var where = services.Platform.Workspace.TrustedFolder is { } folder ? $" in {HiddenCharacters.VisibleLine(folder)}" : "";
        terminal.WriteError(
            mask($"{Open.CodexId}{where}, {HiddenCharacters.VisibleLine(Provider?.Name ?? "no provider")}. /help shows the keys.")
        );
        foreach (var earlier in Chat.Messages.Where(message => message.Role == MessageRole.User))
        {
            editor.Remember(earlier.Text);
        }

        // The end of the last exchange shows which chat this is.
        var last = Chat.Messages.Where(message => message.Text.Length > 0).TakeLast(2).ToList();
        foreach (var message in last)
        {
            var lines = HiddenCharacters.Visible(message.Text).TrimEnd().Split('\n');
            terminal.WriteError(
                mask(message.Role == MessageRole.User ? $"{Prompt}{lines[0]}" : string.Join('\n', lines.TakeLast(RecalledLines)))
            );
        }
    }

    private async Task SendOrExplainAsync(string typed, CancellationToken cancellationToken)
    {
        try
        {
            await SendAsync(typed, cancellationToken);
        }
        catch (FailureException fault)
        {
            terminal.WriteError(
                services.Platform.Redactor.Mask($"{fault.Message} Your message was not sent: the up arrow shows it again.")
            );
        }
    }

    /// <returns>The exit code; null if the message needs no response.</returns>
    private async Task<int?> SendAsync(string message, CancellationToken cancellationToken)
    {
        conversation = await conversations.GetAsync(Open.CodexId, cancellationToken);
        var sent = await conversation.SendAsync(new Draft(commands.Expand(message, Chat)), mayWait: false, cancellationToken);
        if (sent.TurnId is not { } turnId)
        {
            return null;
        }

        var end = view.EndOfAsync(turnId);
        try
        {
            await WhileAskingAsync(_ => end, end, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await conversation.StopAsync(StopCause.User);
            await end;
            throw;
        }

        var (_, reason, error) = await end;
        if (error is not null)
        {
            terminal.WriteError(services.Platform.Redactor.Mask(error.Message));
        }
        else if (reason == StopReason.Stopped)
        {
            terminal.WriteError("Stopped.");
        }
        return reason == StopReason.Stopped ? ExitCodes.Interrupted
            : error is not null ? ExitCodes.Failed
            : isUnattended && WasDenied(turnId) ? DeniedCall
            : ExitCodes.Done;
    }

    private bool WasDenied(string turnId) =>
        Chat
            .Messages.Where(message => message.TurnId == turnId)
            .SelectMany(message => message.Parts.OfType<MessagePart.ToolResult>())
            .Any(result => result.Error?.Contains(ToolRunner.NoUserAvailable, StringComparison.Ordinal) == true);

    private async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        Task<string?>? reading = null;
        try
        {
            await WhileAskingAsync(stop => reading = editor.ReadAsync(Prompt, stop), null, cancellationToken);
            return await reading!;
        }
        finally
        {
            editor.Hide();
        }
    }

    /// <summary>Runs a step until it completes, and asks for approvals meanwhile. The step is canceled for a question, and begins again after it.</summary>
    /// <param name="step">Begins the step.</param>
    /// <param name="uninterrupted">The step, if it cannot be canceled.</param>
    private async Task WhileAskingAsync(Func<CancellationToken, Task> step, Task? uninterrupted, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var running = step(pause.Token);
            var asked = NextApprovalAsync(pause.Token);
            await Task.WhenAny(running, asked).WaitAsync(cancellationToken);
            if (running.IsCompleted)
            {
                await pause.CancelAsync();
                return;
            }

            await pause.CancelAsync();
            if (uninterrupted is null)
            {
                await running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                if (running.IsCompletedSuccessfully)
                {
                    return;
                }
            }

            await view.AloneAsync(async () =>
            {
                while (!isUnattended && services.Permissions.Approvals.Pending is [var next, ..])
                {
                    await approvals.AskAsync(next, cancellationToken);
                }
            });
        }
    }

    /// <summary>Completes when an approval is pending, or on cancellation.</summary>
    private async Task NextApprovalAsync(CancellationToken cancellationToken)
    {
        var pending = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Check()
        {
            if (services.Permissions.Approvals.Pending.Count > 0)
            {
                pending.TrySetResult();
            }
        }

        services.Permissions.Approvals.Changed += Check;
        await using var registration = cancellationToken.Register(() => pending.TrySetResult());
        try
        {
            Check();
            await pending.Task;
        }
        finally
        {
            services.Permissions.Approvals.Changed -= Check;
        }
    }

    /// <summary>Handles Ctrl+C: stops the response, and exits if it is pressed twice in a row.</summary>
    private bool Interrupt(bool isSecond)
    {
        if (isSecond)
        {
            exit.Cancel();
            return true;
        }
        if (conversation is not { IsBusy: true } busy)
        {
            return false;
        }

        _ = busy.StopAsync(StopCause.User);
        return true;
    }
}
