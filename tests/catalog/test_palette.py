from ssl_seg.catalog.palette import background_palette, generated_palette


def test_colours_are_distinct_and_none_is_black():
    palette = generated_palette(255)
    assert len({*palette, (0, 0, 0)}) == 256
    assert palette[:4] == ((128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128))


def test_the_background_alone_is_black():
    palette = background_palette(255)
    assert palette[:2] == ((0, 0, 0), (128, 0, 0))
    assert len(set(palette)) == 255
    assert background_palette(1) == ((0, 0, 0),)
