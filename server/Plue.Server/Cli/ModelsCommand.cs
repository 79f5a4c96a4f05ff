using System.CommandLine;
using System.Globalization;
using Plue.Protocol;
using Plue.Server.Modules;
using Plue.Server.Providers.Connections;

namespace Plue.Server.Cli;

/// <summary><c>plue models</c>: lists the models of a provider from the last request, or from the catalog if the vendor cannot be reached.</summary>
internal static class ModelsCommand
{
    public static Command Create(Func<string?, Services> open, Terminal terminal)
    {
        var commands = new Subcommands(_ => open(null), terminal);
        var id = new Argument<string?>("provider")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "The provider's name in codex://providers/; by default, the one that new chats use",
        };
        var refresh = new Option<bool>("--refresh") { Description = "Request the list from the vendor even if the stored one is current" };
        var (json, fd) = (CommonOptions.Json(), CommonOptions.PassphraseFd());
        return commands.Verb(
            "models",
            "List the models of a provider, for example: plue models anthropic",
            [id, refresh, json, fd],
            async (services, parsed, cancellationToken) =>
            {
                var asked = parsed.GetValue(id) ?? ProviderRegistry.DefaultLarge;
                await ProvidersCommand.UnlockAsync(services, asked, parsed.GetValue(fd), terminal, cancellationToken);
                var listed = await ProvidersCommand.HandlersOf(services).ModelsAsync(asked, parsed.GetValue(refresh), cancellationToken);
                if (parsed.GetValue(json))
                {
                    commands.WriteJson(listed);
                }
                else
                {
                    foreach (var model in listed.Models)
                    {
                        terminal.WriteLine(Line(model));
                    }
                }

                if (listed.Error is { } error)
                {
                    terminal.WriteError(services.Platform.Redactor.Mask(error.Message));
                }
                return listed.Models.Count > 0 || listed.Error is null ? ExitCodes.Done : ExitCodes.Failed;
            }
        );
    }

    private static string Line(ModelView model)
    {
        List<string> words = [model.Id];
        if (model.Name is { } name && name != model.Id)
        {
            words.Add(name);
        }
        if (model.ContextLength is { } window)
        {
            words.Add(string.Create(CultureInfo.InvariantCulture, $"{window} tokens"));
        }
        if (model is { InputPerMillion: { } input, OutputPerMillion: { } output })
        {
            words.Add(string.Create(CultureInfo.InvariantCulture, $"${input}/${output} per million"));
        }
        return string.Join("  ", words);
    }
}
