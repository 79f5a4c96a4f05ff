using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>Sends requests of VS Code's chat to a model. VS Code stores the conversation and runs the tools, so only the cost is stored. Thread-safe.</summary>
internal sealed class ModelRequests(ChatServices services)
{
    /// <summary>Used for models without a known limit, for vendors that require one.</summary>
    private const int MaxTokens = 32_000;

    /// <summary>Used to estimate the cost of stopped requests, which the vendor does not report.</summary>
    private const int CharactersPerToken = 4;

    private readonly ReasoningMemory reasoning = new();

    private TimeProvider Time => services.Time;

    /// <summary>Gets the cached models available to VS Code's chat, the default of each provider first.</summary>
    public IReadOnlyList<(ProviderSettings Provider, IReadOnlyList<ModelInfo> Models)> List() =>
        [
            .. services
                .Providers.SwitchedOn()
                .Where(IsOffered)
                .Select(settings =>
                {
                    var known = services.Providers.KnownModels(settings);
                    return services.Providers.KnownModel(settings, null) is { } usual
                        ? (
                            settings,
                            [
                                known.FirstOrDefault(model => model.Id == usual) ?? new ModelInfo { Id = usual },
                                .. known.Where(model => model.Id != usual),
                            ]
                        )
                        : (settings, known);
                }),
        ];

    /// <param name="asked">The conversation id may be empty.</param>
    /// <exception cref="FailureException">The provider cannot be used here; BudgetExceeded.</exception>
    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        string providerId,
        ProviderRequest asked,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var provider = await services.Providers.GetAsync(providerId, cancellationToken);
        if (provider.Capabilities.IsOfEditor)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"The models of {provider.Settings.Name} are those of VS Code. Choose them there."
            );
        }
        if (!IsOffered(provider.Settings))
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"{provider.Settings.Name} runs its own tools and cannot answer VS Code's chat. Choose another model, or use it in a chat of Plue."
            );
        }

        services.Providers.RefuseModel(provider.Settings, asked.Model);
        await services.CheckBudgetAsync(provider.Settings, 0, 0, cancellationToken);
        var call = new ProviderCall(provider, Prepared(asked, provider.Settings), services.Providers);
        var begun = Time.GetTimestamp();
        TimeSpan? firstToken = null;
        var received = 0;
        var isComplete = false;
        var hasFailed = false;
        (Usage Usage, decimal? VendorCost)? counted = null;
        string? model = null;
        var round = reasoning.Begin();
        try
        {
            await foreach (var next in Retry.StreamAsync(provider, call.Request, Time, cancellationToken))
            {
                round.Take(next);
                if (next is ProviderEvent.TextDelta or ProviderEvent.ReasoningDelta or ProviderEvent.ToolCallStarted)
                {
                    firstToken ??= Time.GetElapsedTime(begun);
                }
                switch (next)
                {
                    case ProviderEvent.TextDelta(var text):
                        received += text.Length;
                        break;
                    case ProviderEvent.ToolCallFinished finished:
                        received += finished.Parameters.Length;
                        break;
                    case ProviderEvent.UsageReported(var usage, var cost):
                        counted = (usage, cost);
                        break;
                    case ProviderEvent.Accepted(var named, _):
                        model = named;
                        break;
                    case ProviderEvent.Failed:
                        hasFailed = true;
                        break;
                    case ProviderEvent.Finished:
                        isComplete = true;
                        break;
                }

                yield return next;
            }
        }
        finally
        {
            if (counted is not null || received > 0 || !hasFailed)
            {
                Record(call, model, counted, received, new Timing(firstToken, Time.GetElapsedTime(begun)), isComplete);
            }
        }
    }

    /// <summary>True if VS Code's chat can use the provider. VS Code runs the tools.</summary>
    private static bool IsOffered(ProviderSettings settings) =>
        settings.Capabilities is { OwnToolLoop: false, IsDemo: false, IsOfEditor: false };

    private ProviderRequest Prepared(ProviderRequest asked, ProviderSettings settings)
    {
        var known = services.Providers.ModelOf(settings, asked.Model)?.MaxOutput;
        return asked with
        {
            CodexId = asked.CodexId.Length > 0 ? asked.CodexId : ConversationOf(asked),
            MaxTokens = asked.MaxTokens ?? settings.MaxTokens ?? (int)Math.Min(known ?? MaxTokens, MaxTokens),
            System = asked.System is { } system ? Masked(system) : null,
            Messages =
            [
                .. asked.Messages.Select(message => message with { Parts = [.. reasoning.Restored(message.Parts).Select(Masked)] }),
            ],
        };
    }

    /// <summary>Gets a stable id for a conversation of VS Code, which has none: a hash of its system prompt and first message.</summary>
    private static string ConversationOf(ProviderRequest asked)
    {
        var beginning = $"{asked.System}\n{asked.Messages.FirstOrDefault()?.Text}";
        return "vscode_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(beginning)))[..24];
    }

    private MessagePart Masked(MessagePart part) =>
        part switch
        {
            MessagePart.Text text => text with { Content = Masked(text.Content) },
            MessagePart.ToolResult { Result: { } result } tool => tool with { Result = Masked(result) },
            _ => part,
        };

    private string Masked(string text) => services.Secrets?.Mask(text) ?? text;

    private void Record(
        ProviderCall call,
        string? named,
        (Usage Usage, decimal? VendorCost)? counted,
        int received,
        Timing timing,
        bool isComplete
    )
    {
        // A stopped request is billed, but the vendor reports no usage for it.
        var usage =
            counted?.Usage
            ?? new Usage
            {
                InputTokens =
                    ((call.Request.System?.Length ?? 0) + call.Request.Messages.Sum(message => message.Text.Length)) / CharactersPerToken,
                OutputTokens = received / CharactersPerToken,
            };
        var cost = call.CostOf(named, usage, counted?.VendorCost);
        services.Usage.Add(
            new UsageEntry
            {
                Time = Time.GetUtcNow(),
                Id = Ids.New("vscode"),
                ChatId = UsageEntry.EditorChats,
                Template = UsageEntry.EditorChats,
                ProviderId = call.Provider.Settings.Id,
                ProviderName = call.Provider.Settings.Name,
                Model = named ?? call.Request.Model,
                Usage = usage,
                Cost = cost?.TotalCost,
                PriceSource = counted is null && cost is { PriceSource: "catalog" } ? "estimate" : cost?.PriceSource,
                FirstTokenMs = timing.FirstToken?.TotalMilliseconds,
                DurationMs = timing.Duration.TotalMilliseconds,
                Status = EnumNames<MessageStatus>.Of(isComplete ? MessageStatus.Complete : MessageStatus.Stopped),
            }
        );
    }
}
