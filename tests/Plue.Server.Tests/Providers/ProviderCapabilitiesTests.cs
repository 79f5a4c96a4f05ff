using Plue.Server.Providers;
using Plue.Server.Providers.VsCode;

namespace Plue.Server.Tests.Providers;

public sealed class ProviderCapabilitiesTests
{
    [Fact]
    public void Copilot_takes_images_with_a_token_and_none_through_the_editor()
    {
        var settings = Settings(ProviderKinds.GithubCopilot);
        IProvider editor = new EditorModelProvider(settings, EditorModelProvider.Copilot, () => null, TimeProvider.System);
        Assert.True(settings.Capabilities.Images);
        Assert.Equal(settings.Capabilities with { Images = false, IsOfEditor = true }, editor.Capabilities);
    }

    [Fact]
    public void Models_of_VS_Code_take_images()
    {
        IProvider editor = new EditorModelProvider(Settings(ProviderKinds.VsCode), vendor: null, () => null, TimeProvider.System);
        Assert.True(editor.Capabilities.Images);
    }

    [Theory]
    [InlineData(ProviderKinds.Gemini, "gemini-2.5-pro", false)]
    [InlineData(ProviderKinds.VertexAi, "publishers/google/models/Gemini-3-pro", false)]
    [InlineData(ProviderKinds.VertexAi, "claude-sonnet-4-6", true)]
    [InlineData(ProviderKinds.OpenRouter, "google/gemini-2.5-pro", true)]
    public void Only_Gemini_models_at_Google_reject_GIF_images(string kind, string model, bool takesGif) =>
        Assert.Equal(takesGif, Settings(kind).Capabilities.SupportsGif(model));

    [Fact]
    public void A_kind_that_this_version_does_not_know_has_the_default_capabilities() =>
        Assert.Equal(ProviderCapabilities.Default, Settings("later").Capabilities);

    private static ProviderSettings Settings(string kind) =>
        new()
        {
            Id = "mine",
            Name = "Mine",
            Kind = kind,
        };
}
