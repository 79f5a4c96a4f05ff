using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Providers.Connections;
using Plue.Server.Rpc;
using ModelChoice = Plue.Server.Messages.ModelChoice;
using ProviderSource = Plue.Server.Providers.ProviderSource;

namespace Plue.Server.Cli;

/// <summary><c>plue providers</c>: the methods provider/* as commands. <c>--json</c> prints the results of the protocol.</summary>
internal sealed class ProvidersCommand(Func<string?, Services> open, Terminal terminal)
{
    private readonly Subcommands commands = new(_ => open(null), terminal);

    /// <param name="open">Opens the services. Called only if a subcommand runs.</param>
    public static Command Create(Func<string?, Services> open, Terminal terminal) => new ProvidersCommand(open, terminal).Build();

    private Command Build() =>
        new("providers", "Manage providers") { List(), Show(), Add(), Set(), Enable(), Disable(), Test(), Delete(), Default() };

    private Command List()
    {
        var json = CommonOptions.Json();
        return commands.Verb(
            "list",
            "List providers: the user's own and those found on this machine, for example: plue providers list",
            [json],
            async (services, parsed, cancellationToken) =>
            {
                var listed = await HandlersOf(services).ListAsync(cancellationToken);
                if (parsed.GetValue(json))
                {
                    commands.WriteJson(listed);
                }
                else
                {
                    foreach (var provider in listed.Items)
                    {
                        terminal.WriteLine(Line(provider));
                    }
                }

                if (listed.FolderProblem is { } problem)
                {
                    terminal.WriteError(problem);
                }
                return listed.FolderProblem is null ? ExitCodes.Done : ExitCodes.Failed;
            }
        );
    }

    private Command Show()
    {
        var (id, json) = (Id(), CommonOptions.Json());
        return commands.Verb(
            "show",
            "Show one provider: its fields without secrets, what uses it, how it did, for example: plue providers show anthropic",
            [id, json],
            async (services, parsed, cancellationToken) =>
            {
                var detail = await HandlersOf(services).GetAsync(parsed.GetValue(id)!, cancellationToken);
                if (parsed.GetValue(json))
                {
                    commands.WriteJson(detail);
                    return ExitCodes.Done;
                }

                terminal.WriteLine(Line(detail.Summary));
                if (detail.Summary.File is { } file)
                {
                    terminal.WriteLine($"File: {file}");
                }
                foreach (var (field, value) in detail.Configuration)
                {
                    terminal.WriteLine($"  {field}: {value}");
                }
                if (detail.Key is { } key)
                {
                    terminal.WriteLine($"Key: {key.Reference}, for {string.Join(' ', key.Origins)}");
                }
                terminal.WriteLine($"Chats: {detail.Uses.ChatCount}");
                if (detail.Uses.Templates.Count > 0)
                {
                    terminal.WriteLine($"Templates: {string.Join(", ", detail.Uses.Templates)}");
                }
                if (detail.Uses.Settings.Count > 0)
                {
                    terminal.WriteLine($"Settings: {string.Join(", ", detail.Uses.Settings)}");
                }
                foreach (var past in detail.Errors)
                {
                    terminal.WriteLine($"{Time(past.At)}  {past.Error.Message}");
                }
                return ExitCodes.Done;
            }
        );
    }

    private Command Add()
    {
        var fields = new FieldOptions();
        var id = new Option<string?>("--id") { Description = "Its name in codex://providers/; made from --name otherwise" };
        var catalog = new Option<string?>("--catalog") { Description = "A vendor of the catalog, which fills in kind and address" };
        var command = commands.Verb(
            "add",
            "Add a provider, for example: plue providers add --name Local --kind ollama",
            [id, catalog, .. fields.All],
            async (services, parsed, cancellationToken) =>
            {
                if (parsed.GetValue(id) is { } taken && services.Providers.Registry.Find(taken) is { Settings.Source: ProviderSource.File })
                {
                    throw new FailureException(
                        FailureKind.Conflict,
                        $"There is a provider {taken} already. Change it with: plue providers set {taken}"
                    );
                }

                var added = await HandlersOf(services)
                    .ConfigureAsync(fields.Params(parsed, parsed.GetValue(id), parsed.GetValue(catalog)), cancellationToken);
                ShowChanged(added, parsed.GetValue(fields.Json));
                if (!parsed.GetValue(fields.Json) && added is { KeyReference: { } key, HasCredential: false, Origin: { } origin })
                {
                    terminal.WriteLine($"Store its key with: plue vault store {key} --origin {origin}");
                }
                return ExitCodes.Done;
            }
        );
        command.Validators.Add(result =>
        {
            if (result.GetValue(fields.Kind) is null && result.GetValue(catalog) is null)
            {
                result.AddError("Set --kind, or --catalog to a catalog vendor.");
            }
        });
        return command;
    }

    private Command Set()
    {
        var (fields, id) = (new FieldOptions(), Id());
        var catalog = new Option<string?>("--catalog") { Description = "A vendor of the catalog; an empty text takes it away" };
        var unset = new Option<string[]>("--unset") { Description = "Take a field away; may be given several times" };
        return commands.Verb(
            "set",
            "Change a provider; what is not named stays as it is, for example: plue providers set anthropic --model claude-sonnet-4-6",
            [id, catalog, unset, .. fields.All],
            async (services, parsed, cancellationToken) =>
            {
                var known = await HandlersOf(services).GetAsync(parsed.GetValue(id)!, cancellationToken);
                ShowChanged(
                    await HandlersOf(services)
                        .ConfigureAsync(
                            fields.Params(parsed, known.Summary.Id, parsed.GetValue(catalog), parsed.GetValue(unset)),
                            cancellationToken
                        ),
                    parsed.GetValue(fields.Json)
                );
                return ExitCodes.Done;
            }
        );
    }

    private Command Enable()
    {
        var (id, json, fd) = (Id(), CommonOptions.Json(), CommonOptions.PassphraseFd());
        return commands.Verb(
            "enable",
            "Turn on a provider if its test succeeds, for example: plue providers enable anthropic",
            [id, json, fd],
            async (services, parsed, cancellationToken) =>
            {
                await UnlockAsync(services, parsed.GetValue(id)!, parsed.GetValue(fd), terminal, cancellationToken);
                return ShowTested(
                    await HandlersOf(services).SetEnabledAsync(parsed.GetValue(id)!, enabled: true, cancellationToken),
                    parsed.GetValue(json)
                );
            }
        );
    }

    private Command Disable()
    {
        var (id, json) = (Id(), CommonOptions.Json());
        return commands.Verb(
            "disable",
            "Switch a provider off, for example: plue providers disable anthropic",
            [id, json],
            async (services, parsed, cancellationToken) =>
            {
                ShowChanged(
                    await HandlersOf(services).SetEnabledAsync(parsed.GetValue(id)!, enabled: false, cancellationToken),
                    parsed.GetValue(json)
                );
                return ExitCodes.Done;
            }
        );
    }

    private Command Test()
    {
        var (id, json, fd) = (Id(), CommonOptions.Json(), CommonOptions.PassphraseFd());
        return commands.Verb(
            "test",
            "Test a provider, for example: plue providers test anthropic",
            [id, json, fd],
            async (services, parsed, cancellationToken) =>
            {
                await UnlockAsync(services, parsed.GetValue(id)!, parsed.GetValue(fd), terminal, cancellationToken);
                return ShowTested(await HandlersOf(services).TestAsync(parsed.GetValue(id)!, cancellationToken), parsed.GetValue(json));
            }
        );
    }

    private Command Delete()
    {
        var (id, json, fd) = (Id(), CommonOptions.Json(), CommonOptions.PassphraseFd());
        var deleteKey = new Option<bool>("--delete-key")
        {
            Description = "Delete its key from the vault too, unless another provider uses it",
        };
        return commands.Verb(
            "delete",
            "Move a provider's file to the trash, for example: plue providers delete my-server",
            [id, deleteKey, json, fd],
            async (services, parsed, cancellationToken) =>
            {
                var withKey = parsed.GetValue(deleteKey);
                if (withKey && (await services.Vault.Vault.StatusAsync(cancellationToken)).Exists)
                {
                    await VaultCommand.UnlockAsync(services.Vault.Vault, parsed.GetValue(fd), terminal, cancellationToken);
                }
                var isKeyDeleted = await HandlersOf(services).DeleteAsync(parsed.GetValue(id)!, withKey, cancellationToken);
                terminal.WriteLine(
                    parsed.GetValue(json)
                        ? $$"""{"deleted":true,"keyDeleted":{{(isKeyDeleted ? "true" : "false")}}}"""
                        : $"{parsed.GetValue(id)} is in the trash{(isKeyDeleted ? " and its key is deleted" : withKey ? "; it had no key of its own" : "")}."
                );
                return ExitCodes.Done;
            }
        );
    }

    private Command Default()
    {
        var (id, json) = (Id(), CommonOptions.Json());
        var small = new Option<bool>("--small") { Description = "For small jobs instead of new chats" };
        var model = new Option<string?>("--model") { Description = "One of its models; without it, its own choice" };
        return commands.Verb(
            "default",
            "Choose what new chats use, for example: plue providers default anthropic",
            [id, small, model, json],
            async (services, parsed, cancellationToken) =>
            {
                var choice = new ModelChoice(parsed.GetValue(id)!, parsed.GetValue(model));
                ShowChanged(
                    await HandlersOf(services).SetDefaultAsync(choice, parsed.GetValue(small), cancellationToken),
                    parsed.GetValue(json)
                );
                return ExitCodes.Done;
            }
        );
    }

    internal static ProviderHandlers HandlersOf(Services services) => ProviderHandlers.Of(services, services.Store.Chats.ListAll);

    /// <summary>Unlocks the vault for a provider before a request; the ID may be a default that refers to another provider.</summary>
    internal static async Task UnlockAsync(
        Services services,
        string id,
        int? passphraseFd,
        Terminal terminal,
        CancellationToken cancellationToken
    )
    {
        var providers = services.Providers.Registry;
        var asked = id switch
        {
            ProviderRegistry.DefaultLarge => await providers.DefaultIdAsync(cancellationToken),
            ProviderRegistry.DefaultSmall => await providers.DefaultSmallIdAsync(cancellationToken),
            _ => id,
        };
        await VaultCommand.UnlockIfRequestedAsync(
            services.Vault.Vault,
            passphraseFd,
            providers.Find(asked) is { Settings: var settings } ? [settings] : [],
            terminal,
            cancellationToken
        );
    }

    private void ShowChanged(ProviderSummary provider, bool json)
    {
        if (json)
        {
            commands.WriteJson(provider);
        }
        else
        {
            terminal.WriteLine(Line(provider));
        }
    }

    private int ShowTested(ProviderSummary provider, bool json)
    {
        ShowChanged(provider, json);
        return provider.Status == ProviderStatus.Connected ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static string Line(ProviderSummary provider)
    {
        List<string> words = [provider.Id, provider.Name, provider.Kind, provider.Status.ToString().ToLowerInvariant()];
        if (!provider.Enabled && provider.Status != ProviderStatus.Disabled)
        {
            words.Add("(off)");
        }
        if (provider.Model is { } model)
        {
            words.Add(model);
        }
        if (provider.IsDefault)
        {
            words.Add("(default)");
        }
        if (provider.IsDefaultSmall)
        {
            words.Add("(small)");
        }
        if (provider.Error is { } error)
        {
            words.Add(error.Message);
        }
        return string.Join("  ", words);
    }

    private static Argument<string> Id() => new("id") { Description = "The provider's name in codex://providers/" };

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);

    /// <summary>Options that add and set share.</summary>
    private sealed class FieldOptions
    {
        public readonly Option<string?> Kind = new("--kind") { Description = "The provider kind" };
        public readonly Option<bool> Json = CommonOptions.Json();
        private readonly Option<string?> name = new("--name") { Description = "The display name" };
        private readonly Option<string?> endpoint = new("--endpoint") { Description = "The endpoint URL; an empty string removes it" };
        private readonly Option<string?> model = new("--model") { Description = "The default model; an empty string removes it" };
        private readonly Option<string[]> anyField = new("--field")
        {
            Description = "Another field of the file, as NAME=VALUE; the value is JSON or text. Store keys in the vault instead",
        };
        private readonly Option<bool> asDefault = new("--default") { Description = "Use it for new chats" };
        private readonly Option<bool> asSmall = new("--default-small") { Description = "Use it for background work" };

        public FieldOptions()
        {
            Kind.AcceptOnlyFromAmong([.. Providers.ProviderKinds.All]);
            anyField.Validators.Add(result =>
            {
                if (result.Tokens.Any(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1))
                {
                    result.AddError("--field must have the form NAME=VALUE.");
                }
            });
        }

        public IReadOnlyList<Symbol> All => [Kind, name, endpoint, model, anyField, asDefault, asSmall, Json];

        public ProviderConfigureParams Params(ParseResult parsed, string? id, string? catalog, string[]? unset = null)
        {
            var fields = (parsed.GetValue(anyField) ?? [])
                .Select(pair => pair.Split('=', 2))
                .GroupBy(pair => pair[0], StringComparer.Ordinal)
                .ToDictionary(pairs => pairs.Key, pairs => FieldValue.Of(pairs.Last()[1]), StringComparer.Ordinal);
            foreach (var gone in unset ?? [])
            {
                fields[gone] = JsonElement.Parse("null");
            }

            return new ProviderConfigureParams(
                id,
                parsed.GetValue(name) ?? "",
                parsed.GetValue(Kind) ?? "",
                parsed.GetValue(endpoint),
                parsed.GetValue(model),
                null,
                parsed.GetValue(asDefault),
                parsed.GetValue(asSmall),
                catalog,
                fields
            );
        }
    }
}
