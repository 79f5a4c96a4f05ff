using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>The fill-in-the-middle API of a server. Each server has at most one.</summary>
internal enum CompletionApi
{
    /// <summary>The hosted API has none.</summary>
    None,

    /// <summary><c>/completions</c> with a suffix, as introduced by OpenAI.</summary>
    Suffix,

    /// <summary>Like <see cref="Suffix"/>, but under <c>/beta</c>.</summary>
    DeepSeek,

    /// <summary><c>/fim/completions</c>, with the events of a chat.</summary>
    Mistral,

    /// <summary><c>/infill</c> of the llama.cpp server, whose <c>/completions</c> ignores the suffix.</summary>
    LlamaCpp,
}

internal static class CompletionApis
{
    /// <summary>Returns the API of a server; <c>additional_auth.completions</c> overrides the one derived from its address.</summary>
    public static CompletionApi Of(ProviderSettings settings, Dialect dialect) =>
        settings.AuthField("completions") switch
        {
            "suffix" => CompletionApi.Suffix,
            "fim" => CompletionApi.Mistral,
            "infill" => CompletionApi.LlamaCpp,
            "none" => CompletionApi.None,
            _ => dialect switch
            {
                Dialect.DeepSeek => CompletionApi.DeepSeek,
                Dialect.Mistral => CompletionApi.Mistral,
                Dialect.Compatible => settings.CatalogProvider == "llamacpp" ? CompletionApi.LlamaCpp : CompletionApi.Suffix,
                _ => CompletionApi.None,
            },
        };

    public static Uri At(this CompletionApi api, ProviderEndpoint endpoint) =>
        api switch
        {
            CompletionApi.DeepSeek => endpoint.At("/completions", _ => "/beta"),
            CompletionApi.Mistral => endpoint.At("/fim/completions"),
            CompletionApi.LlamaCpp => endpoint.At(
                "/infill",
                root => root.EndsWith("/v1", StringComparison.Ordinal) ? root[..^"/v1".Length] : root
            ),
            _ => endpoint.At("/completions"),
        };
}
