using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools.Hooks;

namespace Plue.Server.Chat;

/// <summary>Keeps the requests of a chat within the model's context window.</summary>
internal sealed class ContextKeeper(ChatState state)
{
    private readonly ChatServices services = state.Services;
    private readonly SideQuestion side = new(state.Services);

    /// <param name="draft">The tokens of the unsent message with its attachments.</param>
    public ContextFill Measure(long draft)
    {
        var chat = state.Chat;
        var settings = chat.ProviderId is { } id ? services.Providers.Find(id)?.Settings : null;
        var model =
            chat.Model
            ?? settings?.Model
            ?? chat.Messages.LastOrDefault(message => message.Role == MessageRole.Assistant)?.ProviderInfo?.ModelId;
        return ContextMeter.Measure(
            chat.Messages,
            state.Instructions.Build(chat).SystemWithSkills,
            PinnedTokens,
            draft,
            settings is null || model is null ? null : WindowOf(settings, model),
            IsSummed
        );
    }

    /// <summary>Summarizes the chat before a question is sent if the window is nearly full. A failure never blocks the question.</summary>
    /// <param name="path">The messages to respond to, oldest first.</param>
    /// <param name="model">Null if the provider has not reported it yet.</param>
    /// <returns>The stored summary; null if none was needed or possible.</returns>
    public async Task<Message?> CompactIfNeededAsync(
        IReadOnlyList<Message> path,
        ProviderSettings settings,
        string? model,
        CancellationToken cancellationToken
    )
    {
        if (settings.Capabilities.OwnHistory || model is null || WindowOf(settings, model) is not { } window)
        {
            return null;
        }
        // If pinned files or the question itself fill the window, a summary would be paid for with every question without freeing space.
        if (!Compactor.IsWorthwhile(path, window))
        {
            return null;
        }
        if (
            !ContextMeter
                .Measure(path, state.Instructions.Build(state.Chat).SystemWithSkills, PinnedTokens, 0, window, IsSummed)
                .IsNearlyFull
        )
        {
            return null;
        }

        try
        {
            return await SummariseAsync(path, new ModelChoice(settings.Id, model), cancellationToken, isManual: false);
        }
        catch (FailureException fault)
        {
            services.Logger.LogWarning("{Chat} could not be summarized: {Why}", state.CodexId, fault.Message);
            return null;
        }
    }

    /// <summary>Summarizes now, and stores and publishes the summary.</summary>
    /// <param name="chosen">Used if no background model is configured.</param>
    /// <exception cref="FailureException">
    /// Conflict: there is nothing to summarize. PermissionDenied: a hook refused it. Otherwise the failure of the model.
    /// </exception>
    public async Task<Message> SummariseAsync(
        IReadOnlyList<Message> path,
        ModelChoice chosen,
        CancellationToken cancellationToken,
        bool isManual = true
    )
    {
        Compactor.RequireWork(path);
        var hooks = await Task.Run(() => RunHooksAsync(isManual, cancellationToken), cancellationToken);
        if (hooks.Refusal is { } why)
        {
            throw new FailureException(FailureKind.PermissionDenied, $"The messages were not summarized. {why}");
        }

        state.Sink.Publish(new TurnEvent.Waiting("Summarizing earlier messages"));
        state.Sink.Idle();
        var choice = services.Config.DefaultSmall ?? chosen;
        var compactor = new Compactor(side, WindowOf(choice), services.Time);
        var summary = await Task.Run(
            () => compactor.SummariseAsync(state.CodexId, path, choice, services.PromptOf("summary"), cancellationToken),
            CancellationToken.None
        );
        // A model that ignored the stop may respond after the chat has continued.
        cancellationToken.ThrowIfCancellationRequested();
        summary = summary with { Hooks = hooks.Runs };
        await state.Writer().AppendAsync(summary, CancellationToken.None);
        services.Usage.Add(summary, state.Chat.Id, state.Chat.TemplateId);
        state.PublishAdded(summary);
        return summary;
    }

    private Task<HookEffects> RunHooksAsync(bool isManual, CancellationToken cancellationToken) =>
        state.Tools.Hooks.RunAsync(
            new HookEvent(HookTrigger.Compaction)
            {
                Details = new Dictionary<string, object> { ["trigger"] = isManual ? "manual" : "auto" },
            },
            state.Running?.Id ?? Ids.New("turn"),
            cancellationToken
        );

    /// <summary>Creates and stores a title with the background model, if one is configured and the user has not set a title.</summary>
    /// <exception cref="FailureException">The model did not respond.</exception>
    public async Task<bool> NameAsync(CancellationToken cancellationToken)
    {
        var (chat, writer) = (state.Chat, state.Writer());
        if (
            chat.HasTitle
            || services.Config.DefaultSmall is not { } small
            || services.Providers.Find(small.ProviderId)?.Settings.Capabilities is { OwnHistory: true } or { IsDemo: true }
        )
        {
            return false;
        }
        if (SentHistory.WithoutRefused(chat.Messages).FirstOrDefault(message => message.Role == MessageRole.User) is not { } question)
        {
            return false;
        }
        if (
            chat.Messages.FirstOrDefault(message =>
                message is { Role: MessageRole.Assistant, Status: MessageStatus.Complete, IsContinued: false }
            )
            is not { } answer
        )
        {
            return false;
        }

        var (title, message) = await Task.Run(
            () =>
                new TitleMaker(side, services.Time).MakeAsync(
                    state.CodexId,
                    question,
                    answer,
                    small,
                    services.PromptOf("title"),
                    cancellationToken
                ),
            CancellationToken.None
        );
        var isNamed = title is not null && !state.Chat.HasTitle;
        if (isNamed)
        {
            await writer.AppendAsync(message, new ChatFields(Title: title) { TitleFromModel = true }, cancellationToken);
        }
        else
        {
            await writer.AppendAsync(message, cancellationToken);
        }

        services.Usage.Add(message, chat.Id, chat.TemplateId);
        return isNamed;
    }

    private long PinnedTokens => services.Files.PinnedTokens(state.Chat.ContextFiles);

    /// <summary>True if the usage covers several requests: a provider with its own tool loop calls its model after each tool and counts all of it.</summary>
    private bool IsSummed(Message message) =>
        message.ProviderInfo is { } info && services.Providers.Find(info.ProviderId)?.Settings.Capabilities.OwnToolLoop == true;

    private long? WindowOf(ModelChoice choice) =>
        services.Providers.Find(choice.ProviderId)?.Settings is { } settings && (choice.Model ?? settings.Model) is { } model
            ? WindowOf(settings, model)
            : null;

    private long? WindowOf(ProviderSettings settings, string model) => services.Providers.ModelOf(settings, model)?.ContextLength;
}
